#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "profiler/report/gnuplot.hpp"

namespace decodemeter {

namespace {

// Told apart also by those who do not see colors (Paul Tol's bright scheme, without its yellow).
constexpr std::array<const char*, 6> palette = {"#4477aa", "#ee6677", "#228833",
                                                "#aa3377", "#66ccee", "#777777"};
constexpr std::array<int, 6> point_shapes = {7, 5, 9, 13, 11, 1};
constexpr int panel_width = 560;
constexpr int panel_height = 420;
constexpr int title_height = 40;

// In single quotes gnuplot substitutes nothing, neither backticks nor variables. A quote is
// doubled; what could end the line is blanked.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'') result += "''";
        else result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return result + "'";
}

std::string number(double value) {
    return std::isfinite(value) ? fmt::format("{:.9g}", value) : "NaN";
}

double entry(const std::vector<double>& values, std::size_t i) {
    return i < values.size() ? values[i] : NAN;
}

std::string color(const Series& series) {
    return palette[static_cast<std::size_t>(series.color) % palette.size()];
}

std::string data_block(const Series& series, std::size_t panel, std::size_t index) {
    std::string text = fmt::format("$data_{}_{} << END_OF_DATA\n", panel, index);
    for (std::size_t i = 0; i < series.x.size(); ++i) {
        text += number(series.x[i]);
        for (const auto* column :
             {&series.y, &series.low, &series.high, &series.whisker_low, &series.whisker_high})
            text += ' ' + number(entry(*column, i));
        text += ' ' + number(series.width) + '\n';
    }
    return text + "END_OF_DATA\n";
}

std::string title_of(const Series& series) {
    return series.label.empty() ? " notitle" : " title " + quoted(series.label) + " noenhanced";
}

std::string drawn(const Series& series, std::size_t panel, std::size_t index) {
    const std::string data = fmt::format("$data_{}_{}", panel, index);
    const std::string paint = color(series);
    const int shape = point_shapes[static_cast<std::size_t>(series.color) % point_shapes.size()];
    const char* dash = series.dashed ? " dt 2" : "";
    switch (series.mark) {
        case Mark::points:
            // Many points overlap: small and translucent, so that where they are dense is seen.
            return fmt::format("{} using 1:2 with points pt {} ps {} lc rgb '{}{}'{}", data, shape,
                               series.x.size() > 300 ? 0.35 : 0.6,
                               series.x.size() > 300 ? "#b0" : "#", paint.substr(1),
                               title_of(series));
        case Mark::lines:
            return fmt::format("{} using 1:2 with lines lw 2.2{} lc rgb '{}'{}", data, dash, paint,
                               title_of(series));
        case Mark::line_points:
            return fmt::format("{} using 1:2 with linespoints pt {} ps 0.7 lw 1.8{} lc rgb '{}'{}",
                               data, shape, dash, paint, title_of(series));
        case Mark::band:
            return fmt::format(
                "{} using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '{}'{}",
                data, paint, title_of(series));
        case Mark::bars:
            return fmt::format("{} using 1:2:7 with boxes fs solid 0.75 noborder lc rgb '{}'{}",
                               data, paint, title_of(series));
        case Mark::boxes:
            return fmt::format(
                "{0} using 1:3:5:6:4:7 with candlesticks whiskerbars 0.5 fs solid 0.35 border lw "
                "1.4 lc rgb '{1}'{2}, "
                "{0} using 1:2:2:2:2:7 with candlesticks lw 2.4 lc rgb '{1}' notitle",
                data, paint, title_of(series));
    }
    return {};
}

// 1, 2, 5, 10, 20 ...: an axis over few decades has too few powers of ten to read a value from.
std::string log_ticks(double low, double high) {
    std::string ticks;
    for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10) {
        for (const double place : {decade, 2 * decade, 5 * decade}) {
            if (place >= low && place <= high) ticks += (ticks.empty() ? "" : ", ") + number(place);
        }
    }
    return ticks;
}

std::string axis_commands(const char* name, const Axis& axis) {
    std::string text = fmt::format("set {}label {} noenhanced\n", name, quoted(axis.label));
    text += fmt::format("{} logscale {}\n", axis.log ? "set" : "unset", name);
    const auto limit = [](const std::optional<double>& value) {
        return value ? number(*value) : std::string("*");
    };
    text += fmt::format("set {}range [{}:{}]\n", name, limit(axis.low), limit(axis.high));
    if (axis.ticks.empty() && axis.log && axis.low && axis.high && *axis.high < 300 * *axis.low)
        return text +
               fmt::format("set {}tics ({}) norotate\n", name, log_ticks(*axis.low, *axis.high));
    if (axis.ticks.empty()) return text + fmt::format("set {}tics autofreq norotate\n", name);
    std::string places;
    for (const auto& [place, label] : axis.ticks)
        places += (places.empty() ? "" : ", ") + quoted(label) + " " + number(place);
    // More names than fit side by side stand on end.
    const bool crowded = name[0] == 'x' && axis.ticks.size() > 9;
    return text + fmt::format("set {}tics ({}) {}\n", name, places,
                              crowded ? "rotate by -60" : "norotate");
}

const char* key_place(KeyPlace place) {
    switch (place) {
        case KeyPlace::top_left:
            return "left top vertical";
        case KeyPlace::bottom_right:
            return "right bottom vertical";
        case KeyPlace::below:
            return "center bottom outside horizontal maxrows 3 title ' '";
        case KeyPlace::top_right:
            break;
    }
    return "right top vertical";
}

std::string panel_script(const Plot& plot, std::size_t panel) {
    std::string text;
    for (std::size_t i = 0; i < plot.series.size(); ++i)
        text += data_block(plot.series[i], panel, i);
    text += "set title " + quoted(plot.title) + " noenhanced\n";
    text += axis_commands("x", plot.x) + axis_commands("y", plot.y);
    text += std::string("set key notitle reverse Left samplen 1.5 spacing 1.15 ") +
            key_place(plot.key) + "\n";
    std::string items;
    const auto add = [&](const std::string& item) {
        items += (items.empty() ? "" : ", \\\n     ") + item;
    };
    for (std::size_t i = 0; i < plot.series.size(); ++i) add(drawn(plot.series[i], panel, i));
    if (plot.diagonal)
        add("x with lines lw 1.6 dt 2 lc rgb '#111111' title 'predicted = measured'");
    if (plot.level) {
        add(fmt::format("{} with lines lw 1 dt 3 lc rgb '#555555'{}", number(*plot.level),
                        plot.level_label.empty()
                            ? " notitle"
                            : " title " + quoted(plot.level_label) + " noenhanced"));
    }
    return text + "plot " + (items.empty() ? "NaN notitle" : items) + "\n";
}

std::string terminal(Picture picture, int width, int height) {
    if (picture == Picture::png)
        return fmt::format(
            "set terminal pngcairo size {},{} font 'DejaVu Sans,19' linewidth 1.8 background "
            "'#ffffff'\n",
            2 * width, 2 * height);
    return fmt::format(
        "set terminal svg size {},{} dynamic font 'DejaVu Sans,Helvetica,Arial,sans-serif,11' "
        "background '#ffffff'\n",
        width, height);
}

}  // namespace

std::string gnuplot_script(const Figure& figure, Picture picture,
                           const std::filesystem::path& file) {
    const int panels = std::max<int>(1, static_cast<int>(figure.panels.size()));
    std::string text = terminal(picture, panels * panel_width, panel_height + title_height);
    text += "set encoding utf8\nset output " + quoted(file.string()) + "\n";
    text +=
        "set border 3 lw 0.8 lc rgb '#444444'\nset tics nomirror scale 0.6 tc rgb '#222222'\n"
        "set grid back lw 0.5 lt 1 lc rgb '#dddddd'\nset boxwidth 0.55\nset samples 200\n";
    text += fmt::format("set multiplot layout 1,{} title {} noenhanced font ',{}'\n", panels,
                        quoted(figure.title), picture == Picture::png ? 23 : 13);
    for (std::size_t i = 0; i < figure.panels.size(); ++i)
        text += panel_script(figure.panels[i], i);
    return text + "unset multiplot\nset output\n";
}

}  // namespace decodemeter
