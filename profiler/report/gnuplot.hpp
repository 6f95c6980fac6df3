// Plots as values, drawn by the gnuplot program as PNG and SVG. A leaf: includes nothing of ours.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace decodemeter {

enum class Mark {
    points,
    lines,
    line_points,
    band,   // filled between low and high
    bars,   // from 0 to y
    boxes,  // median y, quartiles low and high, whiskers whisker_low and whisker_high
};

// One thing drawn. The vectors are as long as x where the mark needs them; entries that are not
// finite leave a gap.
struct Series {
    std::string label;  // in the key; empty: not there
    Mark mark = Mark::points;
    std::vector<double> x{};
    std::vector<double> y{};
    std::vector<double> low{};
    std::vector<double> high{};
    std::vector<double> whisker_low{};
    std::vector<double> whisker_high{};
    int color = 0;        // index into the palette
    bool dashed = false;  // of lines
    double width = 0.55;  // of bars and boxes, in units of x
};

struct Axis {
    std::string label;  // with its unit
    bool log = false;
    std::optional<double> low{};
    std::optional<double> high{};
    std::vector<std::pair<double, std::string>> ticks{};  // named places instead of numbers
};

// Where the key lies: away from the data.
enum class KeyPlace { top_right, top_left, bottom_right, below };

struct Plot {
    std::string title;
    Axis x;
    Axis y;
    std::vector<Series> series;
    bool diagonal = false;          // y = x, where a prediction is right
    std::optional<double> level{};  // a thin horizontal line, as a target
    std::string level_label{};
    KeyPlace key = KeyPlace::top_right;
};

// Panels in a row under one title.
struct Figure {
    std::string title;
    std::vector<Plot> panels;
};

enum class Picture { png, svg };

// The commands that draw `figure` into `file`. Texts are quoted so that gnuplot evaluates nothing
// in them.
std::string gnuplot_script(const Figure& figure, Picture picture,
                           const std::filesystem::path& file);

bool gnuplot_is_installed();

// Writes `stem`.png and `stem`.svg. Throws std::runtime_error with gnuplot's own words where it
// fails, and with how to install it where it is not there.
void draw(const Figure& figure, const std::filesystem::path& stem);

}  // namespace decodemeter
