#include "profiler/audit/report/audit_plots.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t most_points = 4000;  // of a scatter: more only make the page heavy
constexpr std::size_t most_curves = 5;

std::size_t stride_for(std::size_t points) { return points / most_points + 1; }

// By configuration, the times of step 1, 2, ...
using StepTimes = std::vector<std::vector<double>>;

std::map<ConfigKey, StepTimes> step_times(std::span<const SampleRecord> records) {
    std::map<ConfigKey, StepTimes> configs;
    for (const SampleRecord& record : records) {
        if (record.T_decode_per_step.empty()) continue;
        StepTimes& steps = configs[record.config];
        if (steps.size() < record.T_decode_per_step.size())
            steps.resize(record.T_decode_per_step.size());
        for (std::size_t i = 0; i < record.T_decode_per_step.size(); ++i)
            steps[i].push_back(record.T_decode_per_step[i]);
    }
    return configs;
}

// Evenly over the configurations from the cheapest to the dearest.
std::vector<std::pair<ConfigKey, StepTimes>> chosen_curves(std::map<ConfigKey, StepTimes> configs) {
    std::vector<std::pair<ConfigKey, StepTimes>> curves(configs.begin(), configs.end());
    std::sort(curves.begin(), curves.end(), [](const auto& a, const auto& b) {
        return median(a.second.front()) < median(b.second.front());
    });
    if (curves.size() <= most_curves) return curves;
    std::vector<std::pair<ConfigKey, StepTimes>> chosen;
    for (std::size_t i = 0; i < most_curves; ++i)
        chosen.push_back(curves[i * (curves.size() - 1) / (most_curves - 1)]);
    return chosen;
}

void add_step_figure(std::span<const SampleRecord> records, std::vector<AuditFigure>& figures) {
    Plot plot{"", {"decode step"}, {"median time of the step (ms)"}, {}};
    plot.y.low = 0;
    plot.key = KeyPlace::below;
    int color = 0;
    for (const auto& [config, steps] : chosen_curves(step_times(records))) {
        Series series{to_string(config), Mark::line_points};
        series.color = color++;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            series.x.push_back(static_cast<double>(i + 1));
            series.y.push_back(median(steps[i]));
        }
        if (!series.x.empty()) plot.series.push_back(std::move(series));
    }
    if (plot.series.empty()) return;
    figures.push_back(
        {"steps",
         "Median time of each decode step, for configurations from the cheapest to the dearest.",
         {"Latency against step", {std::move(plot)}}});
}

void add_curve(const PositionCurve& curve, int color, Plot& plot) {
    Series band{"", Mark::band};
    Series line{curve.name, Mark::lines};
    band.color = line.color = color;
    for (const CurvePoint& point : curve.points) {
        band.x.push_back(point.step);
        band.low.push_back(point.lower);
        band.high.push_back(point.upper);
        line.x.push_back(point.step);
        line.y.push_back(point.center);
    }
    if (line.x.empty()) return;
    plot.series.push_back(std::move(band));
    plot.series.push_back(std::move(line));
}

void add_position_figure(const PositionEffects& positions, std::vector<AuditFigure>& figures) {
    const Axis x{"decode step"};
    const Axis y{"time / settled median of the request"};
    Plot pooled{"All configurations", x, y, {}};
    Plot by_config{"By configuration", x, y, {}};
    add_curve(positions.pooled, 0, pooled);
    int color = 0;
    for (const PositionCurve& curve : positions.by_config) add_curve(curve, color++, by_config);
    if (pooled.series.empty()) return;
    pooled.level = by_config.level = 1;
    by_config.key = KeyPlace::below;
    std::vector<Plot> panels;
    panels.push_back(std::move(pooled));
    if (!by_config.series.empty()) panels.push_back(std::move(by_config));
    figures.push_back({"positions",
                       "Each step against the settled steps of its own request: median over the "
                       "requests with its 95 % interval.",
                       {"Cost of a step by position", std::move(panels)}});
}

void add_subtraction_figure(std::span<const SampleRecord> records,
                            std::vector<AuditFigure>& figures) {
    const std::vector<DecodeTimes> times = decode_times(records);
    Series scatter{"sample", Mark::points};
    Series difference{"sample", Mark::points};
    const std::size_t stride = stride_for(times.size());
    for (std::size_t i = 0; i < times.size(); i += stride) {
        if (!times[i].direct_ms) continue;
        scatter.x.push_back(*times[i].direct_ms);
        scatter.y.push_back(times[i].subtraction_ms);
        difference.x.push_back(times[i].tokens);
        difference.y.push_back(times[i].signed_ms - *times[i].direct_ms);
    }
    if (scatter.x.empty()) return;
    scatter.label.clear();
    difference.label.clear();
    Series equal{"equal", Mark::lines};
    equal.x = equal.y = {0, *std::max_element(scatter.x.begin(), scatter.x.end())};
    equal.color = 1;
    equal.dashed = true;
    Plot against{"Decode time",
                 {"direct (ms)"},
                 {"by subtraction (ms)"},
                 {std::move(scatter), std::move(equal)}};
    against.key = KeyPlace::top_left;
    Plot by_length{"Difference by N",
                   {"returned tokens N"},
                   {"subtraction − direct, signed (ms)"},
                   {std::move(difference)}};
    by_length.level = 0;
    figures.push_back({"subtraction",
                       "Each point is a sample. On the dashed line, and at 0 on the right, the two "
                       "methods agree.",
                       {"Direct against subtraction", {std::move(against), std::move(by_length)}}});
}

void add_divisor_figure(const AuditReport& report, std::vector<AuditFigure>& figures) {
    Series per_token{"T/N", Mark::line_points};
    Series per_step{"T/(N−1)", Mark::line_points};
    Series shape{"c·(N−1)/N", Mark::lines};
    per_step.color = 1;
    shape.color = 2;
    shape.dashed = true;
    for (const FigureByLength& row : report.by_length) {
        if (row.samples == 0) continue;
        per_token.x.push_back(row.tokens);
        per_token.y.push_back(row.per_token_ms);
        per_step.x.push_back(row.tokens);
        per_step.y.push_back(row.per_step_ms);
    }
    if (per_token.x.empty()) return;
    std::vector<double> costs;
    for (std::size_t i = 0; i < per_step.y.size(); ++i) costs.push_back(per_step.y[i]);
    for (double tokens = per_token.x.front(); tokens <= per_token.x.back() + 0.5; tokens += 0.5) {
        shape.x.push_back(tokens);
        shape.y.push_back(mean(costs) * (tokens - 1) / tokens);
    }
    Plot plot{"",
              {"returned tokens N"},
              {"ms"},
              {std::move(per_token), std::move(per_step), std::move(shape)}};
    plot.y.low = 0;
    plot.key = KeyPlace::bottom_right;
    figures.push_back({"divisor",
                       "Means over ranges of N. T/N rises with N even where every step costs the "
                       "same: c·(N−1)/N.",
                       {"T/N against T/(N−1)", {std::move(plot)}}});
}

void add_idle_figure(const AuditReport& report, std::vector<AuditFigure>& figures) {
    if (report.idle.empty()) return;
    Plot plot{"", {"configuration"}, {"share of the step's span (%)"}, {}};
    plot.y.low = 0;
    plot.y.high = 100;
    plot.key = KeyPlace::below;
    const std::array<std::pair<const char*, double IdleSplitRow::*>, 4> parts = {
        {{"busy", &IdleSplitRow::busy_ms},
         {"waits for a launch", &IdleSplitRow::launch_ms},
         {"waits for a synchronize", &IdleSplitRow::synchronize_ms},
         {"gap", &IdleSplitRow::gap_ms}}};
    for (std::size_t part = 0; part < parts.size(); ++part) {
        Series bars{parts[part].first, Mark::bars};
        bars.color = static_cast<int>(part);
        bars.width = 0.18;
        for (std::size_t i = 0; i < report.idle.size(); ++i) {
            const IdleSplitRow& row = report.idle[i];
            bars.x.push_back(static_cast<double>(i) + 0.2 * (static_cast<double>(part) - 1.5));
            bars.y.push_back(100 * row.*parts[part].second / row.span_ms);
        }
        plot.series.push_back(std::move(bars));
    }
    for (std::size_t i = 0; i < report.idle.size(); ++i)
        plot.x.ticks.emplace_back(static_cast<double>(i), to_string(report.idle[i].config));
    figures.push_back({"idle",
                       "Where the time of a decode step goes on the device.",
                       {"Idle split", {std::move(plot)}}});
}

}  // namespace

std::vector<AuditFigure> audit_figures(const AuditReport& report,
                                       std::span<const SampleRecord> records) {
    std::vector<AuditFigure> figures;
    add_step_figure(records, figures);
    add_position_figure(report.positions, figures);
    add_subtraction_figure(records, figures);
    add_divisor_figure(report, figures);
    add_idle_figure(report, figures);
    return figures;
}

}  // namespace decodemeter
