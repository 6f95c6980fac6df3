#include "estimator/evaluate/plots.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

const Row& row_of(const Dataset& dataset, const Predictions& predictions, std::size_t entry) {
    return dataset.rows[static_cast<std::size_t>(predictions.rows[entry])];
}

// One color for a model in every picture.
int color_of(ModelKind model) {
    constexpr std::array order = {ModelKind::physics, ModelKind::positioned,
                                  ModelKind::constant_per_config, ModelKind::average};
    const auto found = std::find(order.begin(), order.end(), model);
    return found == order.end() ? 4 : static_cast<int>(found - order.begin());
}

std::string label_of(ModelKind model) { return std::string(to_string(model)); }

using Wanted = std::function<bool(const Row&)>;

// 100 (predicted / measured - 1) of decode totals or prefills.
std::vector<double> percent_errors(const Dataset& dataset, const Predictions& predictions,
                                   bool prefill, const Wanted& wanted) {
    std::vector<double> errors;
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = row_of(dataset, predictions, i);
        const double measured = prefill ? row.prefill_ms : row.decode_ms;
        const double predicted = prefill ? predictions.prefill_ms[i] : predictions.decode_ms[i];
        if (row.outlier || measured <= 0 || !std::isfinite(predicted) || !wanted(row)) continue;
        if (prefill || row.steps() > 0) errors.push_back(100 * (predicted / measured - 1));
    }
    return errors;
}

bool every(const Row&) { return true; }

Series distribution(const std::vector<double>& errors, const std::string& label, int color,
                    double width) {
    constexpr int bins = 60;
    std::vector<double> counts(bins, 0.0);
    for (const double error : errors) {
        const int bin = static_cast<int>(std::floor((error + width) / (2 * width) * bins));
        if (bin >= 0 && bin < bins) counts[static_cast<std::size_t>(bin)] += 1;
    }
    Series series{label, Mark::lines};
    series.color = color;
    for (int bin = 0; bin < bins; ++bin) {
        series.x.push_back(-width + (bin + 0.5) * 2 * width / bins);
        series.y.push_back(100 * counts[static_cast<std::size_t>(bin)] /
                           std::max<double>(1.0, static_cast<double>(errors.size())));
    }
    return series;
}

Plot distribution_plot(const Dataset& dataset, const PredictionsByModel& models, bool prefill) {
    Plot plot{prefill ? "Prefill" : "Decode total",
              {"predicted / measured − 1 (%)"},
              {"requests (%)"},
              {}};
    plot.y.low = 0;
    // Wide enough for all but the few worst of the better models; what falls outside is not drawn.
    double width = 10;
    for (const auto& [kind, predictions] : models) {
        std::vector<double> sizes = percent_errors(dataset, predictions, prefill, every);
        for (double& size : sizes) size = std::abs(size);
        if (!sizes.empty()) width = std::max(width, std::min(quantile(sizes, 0.97), 60.0));
    }
    plot.x.low = -width;
    plot.x.high = width;
    for (const auto& [kind, predictions] : models)
        plot.series.push_back(distribution(percent_errors(dataset, predictions, prefill, every),
                                           label_of(kind), color_of(kind), width));
    return plot;
}

void add_box(Series& series, double place, std::vector<double> errors) {
    if (errors.empty()) return;
    std::sort(errors.begin(), errors.end());
    series.x.push_back(place);
    series.y.push_back(quantile_of_sorted(errors, 0.5));
    series.low.push_back(quantile_of_sorted(errors, 0.25));
    series.high.push_back(quantile_of_sorted(errors, 0.75));
    series.whisker_low.push_back(quantile_of_sorted(errors, 0.05));
    series.whisker_high.push_back(quantile_of_sorted(errors, 0.95));
}

Plot level_plot(const Dataset& dataset, const PredictionsByModel& models, const std::string& knob,
                int Request::*value, bool prefill, const std::function<std::string(int)>& name_of) {
    std::set<int> levels;
    for (const Row& row : dataset.rows) levels.insert(row.request.*value);
    Plot plot{prefill ? "Prefill" : "Decode total", {knob}, {"predicted / measured − 1 (%)"}, {}};
    plot.level = 0;
    plot.key = KeyPlace::below;
    double place = 0;
    for (const int level : levels) plot.x.ticks.emplace_back(place++, name_of(level));
    plot.x.low = -0.6;
    plot.x.high = place - 0.4;
    const double step = 0.8 / static_cast<double>(std::max<std::size_t>(models.size(), 1));
    double offset = -0.4 + step / 2;
    for (const auto& [kind, predictions] : models) {
        Series series{label_of(kind), Mark::boxes};
        series.color = color_of(kind);
        series.width = 0.8 * step;
        double center = 0;
        for (const int level : levels) {
            add_box(series, center++ + offset,
                    percent_errors(dataset, predictions, prefill,
                                   [&](const Row& row) { return row.request.*value == level; }));
        }
        offset += step;
        plot.series.push_back(std::move(series));
    }
    return plot;
}

NamedFigure level_figure(const Dataset& dataset, const PredictionsByModel& models,
                         const std::string& file, const std::string& knob, int Request::*value,
                         const std::function<std::string(int)>& name_of) {
    return {file,
            "Relative error at each level of " + knob +
                ": box 25–75 %, whiskers 5–95 % of the requests, line at the median. A box off "
                "zero is a bias.",
            {"Error by " + knob,
             {level_plot(dataset, models, knob, value, true, name_of),
              level_plot(dataset, models, knob, value, false, name_of)}}};
}

std::string plain(int level) { return std::to_string(level); }

// Configurations with step data, by measured mean step.
std::vector<int> configs_by_cost(const Dataset& dataset) {
    std::map<int, std::vector<double>> means;
    for (const Row& row : dataset.rows) {
        if (row.has_steps && !row.outlier && row.steps() > 1)
            means[row.config].push_back(mean(dataset.steps(row)));
    }
    std::vector<std::pair<double, int>> order;
    for (const auto& [config, values] : means) order.emplace_back(median(values), config);
    std::sort(order.begin(), order.end());
    std::vector<int> configs;
    for (const auto& [cost, config] : order) configs.push_back(config);
    return configs;
}

using ByPosition = std::map<int, std::vector<double>>;

ByPosition measured_steps(const Dataset& dataset, int config) {
    ByPosition steps;
    for (const Row& row : dataset.rows) {
        if (row.config != config || row.outlier) continue;
        int position = 0;
        for (const double step : dataset.steps(row)) steps[++position].push_back(step);
    }
    return steps;
}

ByPosition predicted_steps(const Dataset& dataset, const Predictions& predictions, int config) {
    ByPosition steps;
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        if (row_of(dataset, predictions, i).config != config) continue;
        int position = 0;
        for (const double step : predictions.steps(dataset, i)) steps[++position].push_back(step);
    }
    return steps;
}

// Positions with fewer steps than this are too few to say something of; where all are, one step is
// shown.
std::size_t fewest_at_position(const ByPosition& measured) {
    constexpr std::size_t fewest = 3;
    const auto enough = std::count_if(measured.begin(), measured.end(), [](const auto& entry) {
        return entry.second.size() >= fewest;
    });
    return enough > 1 ? fewest : 1;
}

Series band_of(const ByPosition& steps, std::size_t fewest) {
    Series band{"measured 5–95 %", Mark::band};
    band.color = 5;
    for (const auto& [position, values] : steps) {
        if (values.size() < fewest) continue;
        band.x.push_back(position);
        band.low.push_back(quantile(values, 0.05));
        band.high.push_back(quantile(values, 0.95));
    }
    return band;
}

Series median_line(const ByPosition& steps, std::size_t fewest, const std::string& label, int color,
                   Mark mark) {
    Series line{label, mark};
    line.color = color;
    for (const auto& [position, values] : steps) {
        if (values.size() < fewest) continue;
        line.x.push_back(position);
        line.y.push_back(median(values));
    }
    return line;
}

Plot position_plot(const Dataset& dataset, const PredictionsByModel& models, int config) {
    Plot plot{to_string(dataset.configs[static_cast<std::size_t>(config)]),
              {"decode step"},
              {"step (ms)"},
              {}};
    plot.y.low = 0;
    const ByPosition measured = measured_steps(dataset, config);
    const std::size_t fewest = fewest_at_position(measured);
    plot.series.push_back(band_of(measured, fewest));
    plot.series.push_back(median_line(measured, fewest, "measured median", 5, Mark::points));
    for (const auto& [kind, predictions] : models) {
        const ByPosition predicted = predicted_steps(dataset, predictions, config);
        if (predicted.empty()) continue;
        plot.series.push_back(
            median_line(predicted, fewest, label_of(kind), color_of(kind), Mark::lines));
    }
    double highest = 0;
    for (const Series& series : plot.series) {
        for (const auto* values : {&series.y, &series.high})
            for (const double value : *values) highest = std::max(highest, value);
    }
    if (highest > 0) plot.y.high = 1.08 * highest;
    plot.key = KeyPlace::below;
    return plot;
}

}  // namespace

namespace {

constexpr std::size_t most_points = 2500;  // more only make the picture's file large

// One series, thinned out, and the same range on both axes.
void set_square(Plot& plot, Series series) {
    double low = HUGE_VAL;
    double high = 0;
    for (const auto* values : {&series.x, &series.y}) {
        for (const double value : *values) {
            if (value > 0) low = std::min(low, value);
            high = std::max(high, value);
        }
    }
    const std::size_t stride = series.x.size() / most_points + 1;
    Series thin = series;
    thin.x.clear();
    thin.y.clear();
    for (std::size_t i = 0; i < series.x.size(); i += stride) {
        thin.x.push_back(series.x[i]);
        thin.y.push_back(series.y[i]);
    }
    if (high > 0) {
        plot.x.low = plot.y.low = 0.85 * low;
        plot.x.high = plot.y.high = 1.2 * high;
    }
    plot.key = KeyPlace::top_left;
    plot.series = {std::move(thin)};
}

}  // namespace

ModelKind leading_model(const PredictionsByModel& models) {
    if (models.contains(ModelKind::physics) || models.empty()) return ModelKind::physics;
    return models.begin()->first;
}

NamedFigure scatter_figure(const Dataset& dataset, ModelKind model,
                           const Predictions& predictions) {
    Plot prefill{"Prefill", {"measured (ms)", true}, {"predicted (ms)", true}, {}, true};
    Plot decode{"Decode total", {"measured (ms)", true}, {"predicted (ms)", true}, {}, true};
    Series prefills{"", Mark::points};
    Series decodes{"", Mark::points};
    prefills.color = decodes.color = color_of(model);
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = row_of(dataset, predictions, i);
        if (row.outlier) continue;
        prefills.x.push_back(row.prefill_ms);
        prefills.y.push_back(predictions.prefill_ms[i]);
        if (row.steps() < 1 || row.decode_ms <= 0) continue;
        decodes.x.push_back(row.decode_ms);
        decodes.y.push_back(predictions.decode_ms[i]);
    }
    set_square(prefill, std::move(prefills));
    set_square(decode, std::move(decodes));
    return {"scatter_plots",
            "Each point is a held-out request; on the dotted line the prediction is right.",
            {"Predicted against measured: " + label_of(model),
             {std::move(prefill), std::move(decode)}}};
}

NamedFigure error_distribution_figure(const Dataset& dataset, const PredictionsByModel& models) {
    return {
        "error_distributions",
        "Share of requests by relative error. High and narrow about 0 is good; off to one side is "
        "a bias.",
        {"How wrong each model is",
         {distribution_plot(dataset, models, true), distribution_plot(dataset, models, false)}}};
}

NamedFigure errors_by_tier_figure(const Dataset& dataset, const PredictionsByModel& models) {
    return level_figure(dataset, models, "errors_by_tier", "tier", &Request::tier,
                        [](int level) { return std::string(to_string(static_cast<Tier>(level))); });
}

NamedFigure errors_by_top_k_figure(const Dataset& dataset, const PredictionsByModel& models) {
    return level_figure(dataset, models, "errors_by_topk", "top_k", &Request::top_k, plain);
}

NamedFigure errors_by_blocks_figure(const Dataset& dataset, const PredictionsByModel& models) {
    return level_figure(dataset, models, "errors_by_blocks", "active blocks",
                        &Request::active_blocks, plain);
}

NamedFigure position_figure(const Dataset& dataset, const PredictionsByModel& models) {
    NamedFigure named{
        "latency_by_position",
        "Step latency against position in the answer, for the cheapest, the middle and the dearest "
        "configuration. A slope that only a line has, and not the band, is not there.",
        {"Latency against position", {}}};
    const std::vector<int> configs = configs_by_cost(dataset);
    std::vector<int> shown;
    for (const std::size_t at : {std::size_t{0}, configs.size() / 2, configs.size() - 1}) {
        if (at < configs.size() &&
            std::find(shown.begin(), shown.end(), configs[at]) == shown.end())
            shown.push_back(configs[at]);
    }
    for (const int config : shown)
        named.figure.panels.push_back(position_plot(dataset, models, config));
    return named;
}

// `usual`, or less where a point lies below it.
double lowest_shown(const Plot& plot, double usual) {
    double low = usual;
    for (const Series& series : plot.series)
        for (const double y : series.y) low = std::fmin(low, y - 3);
    return std::max(low, -3.0);
}

NamedFigure coverage_figure(const CoverageReport& coverage) {
    Plot by_n{"By output length", {"output tokens N"}, {"under the bound (%)"}, {}};
    Series bars{"P95", Mark::line_points};
    double place = 0;
    for (const std::string_view bin : bound_bin_names) {
        const auto found = coverage.p95.by_n.find(std::string(bin));
        by_n.x.ticks.emplace_back(place, bin);
        bars.x.push_back(place++);
        bars.y.push_back(found == coverage.p95.by_n.end() ? NAN : 100 * found->second);
    }
    by_n.series = {bars};
    Plot by_config{
        "By configuration, worst first", {"configurations"}, {"under the bound (%)"}, {}};
    int color = 0;
    for (const auto& [label, figures] :
         {std::pair{"P95", &coverage.p95}, std::pair{"hierarchical P95", &coverage.hierarchical}}) {
        std::vector<double> shares;
        for (const auto& [name, share] : figures->by_config) shares.push_back(100 * share);
        std::sort(shares.begin(), shares.end());
        Series series{label, Mark::points};
        series.color = color;
        color += 2;
        for (std::size_t i = 0; i < shares.size(); ++i) {
            series.x.push_back(static_cast<double>(i + 1));
            series.y.push_back(shares[i]);
        }
        by_config.series.push_back(std::move(series));
    }
    by_n.x.low = -0.6;
    by_n.x.high = place - 0.4;
    by_n.y.low = lowest_shown(by_n, 85);
    by_config.y.low = lowest_shown(by_config, 50);
    by_n.y.high = by_config.y.high = 101;
    by_n.key = by_config.key = KeyPlace::bottom_right;
    by_n.level = by_config.level = 95;
    by_n.level_label = by_config.level_label = "95 %";
    return {
        "coverage",
        "How many requests of configurations that were left out stayed under their P95 bound.",
        {"Coverage of the bounds of the decode total", {std::move(by_n), std::move(by_config)}}};
}

std::vector<NamedFigure> report_figures(const Dataset& dataset, const PredictionsByModel& models,
                                        const EvaluationReport& report) {
    std::vector<NamedFigure> figures;
    if (models.empty()) return figures;
    const ModelKind leader = leading_model(models);
    figures.push_back(scatter_figure(dataset, leader, models.at(leader)));
    figures.push_back(error_distribution_figure(dataset, models));
    figures.push_back(position_figure(dataset, models));
    figures.push_back(errors_by_tier_figure(dataset, models));
    figures.push_back(errors_by_top_k_figure(dataset, models));
    figures.push_back(errors_by_blocks_figure(dataset, models));
    const auto found = report.models.find(std::string(to_string(leader)));
    if (found != report.models.end() && found->second.coverage)
        figures.push_back(coverage_figure(*found->second.coverage));
    std::erase_if(figures, [](const NamedFigure& figure) { return figure.figure.panels.empty(); });
    return figures;
}

}  // namespace decodemeter
