#include "profiler/audit/position_effects/request_levels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "profiler/audit/position_effects/clustered_fit.hpp"
#include "profiler/audit/position_effects/request_speeds.hpp"
#include "profiler/audit/position_effects/step_residuals.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double least_effect = 0.01;
constexpr std::size_t least_degrees = 8;  // requests beyond one a cell
constexpr int least_steps = 3;

using Cells = std::map<std::size_t, std::vector<RequestLevel>>;

Cells cells_of(std::span<const RequestLevel> levels) {
    Cells cells;
    for (const RequestLevel& level : levels) cells[level.cell].push_back(level);
    std::erase_if(cells, [](const auto& cell) { return cell.second.size() < 2; });
    return cells;
}

std::size_t degrees_of(const Cells& cells) {
    std::size_t degrees = 0;
    for (const auto& [cell, levels] : cells) degrees += levels.size() - 1;
    return degrees;
}

double log_tokens(const RequestLevel& level) { return std::log(level.tokens); }

// Logarithm of the level against place and log N.
std::vector<Cluster> clusters_of(const Cells& cells) {
    std::vector<Cluster> clusters;
    for (const auto& [cell, levels] : cells) {
        Cluster cluster;
        for (const RequestLevel& level : levels) {
            cluster.y.push_back(std::log(level.ms));
            cluster.x[0].push_back(level.place);
            cluster.x[1].push_back(log_tokens(level));
        }
        clusters.push_back(std::move(cluster));
    }
    return clusters;
}

// A level with what its cell and its length explain taken out.
struct CleanLevel {
    double place = 0;
    double excess = 0;
};

// By place in the run. The center of a cell is its median, so that a minority of slow requests
// stands out.
std::vector<CleanLevel> clean_levels(const Cells& cells, double by_log_tokens) {
    std::vector<CleanLevel> clean;
    for (const auto& [cell, levels] : cells) {
        std::vector<double> values;
        for (const RequestLevel& level : levels)
            values.push_back(std::log(level.ms) - by_log_tokens * log_tokens(level));
        const double center = median(values);
        for (std::size_t i = 0; i < levels.size(); ++i)
            clean.push_back({levels[i].place, values[i] - center});
    }
    std::stable_sort(clean.begin(), clean.end(),
                     [](const auto& a, const auto& b) { return a.place < b.place; });
    return clean;
}

// Removes what would let a few far requests decide.
void clip(std::vector<CleanLevel>& levels) {
    std::vector<double> values;
    for (const CleanLevel& level : levels) values.push_back(level.excess);
    const double limit = 4 * robust_deviation(values);
    for (CleanLevel& level : levels) level.excess = std::clamp(level.excess, -limit, limit);
}

// Sum of squares about the cells' means where a column is regressed on.
struct SplitFit {
    double place = 0;  // the level changes after this
    ClusteredFit fit;
    double squares = 0;
};

double squares_left(std::span<const Cluster> clusters, const ClusteredFit& fit, int columns) {
    double squares = 0;
    const double limit = 4 * fit.scale;
    for (const Cluster& cluster : clusters) {
        std::array<double, 2> center{mean(cluster.x[0]), mean(cluster.x[1])};
        const double middle = mean(cluster.y);
        for (std::size_t i = 0; i < cluster.y.size(); ++i) {
            double residual = cluster.y[i] - middle;
            for (std::size_t k = 0; k < static_cast<std::size_t>(columns); ++k)
                residual -= fit.value[k] * (cluster.x[k][i] - center[k]);
            residual = std::clamp(residual, -limit, limit);
            squares += residual * residual;
        }
    }
    return squares;
}

std::vector<Cluster> split_at(std::vector<Cluster> clusters, double place) {
    for (Cluster& cluster : clusters) {
        for (double& value : cluster.x[0]) value = value > place ? 1 : 0;
    }
    return clusters;
}

// The split by the largest cumulative sum, and its size by a regression beside log N.
SplitFit best_split(const Cells& cells, const std::vector<Cluster>& clusters,
                    double by_log_tokens) {
    std::vector<CleanLevel> clean = clean_levels(cells, by_log_tokens);
    clip(clean);
    const double all = std::accumulate(clean.begin(), clean.end(), 0.0,
                                       [](double sum, auto& l) { return sum + l.excess; });
    const double average = all / static_cast<double>(clean.size());
    double sum = 0;
    double largest = 0;
    SplitFit split;
    for (std::size_t i = 0; i + 1 < clean.size(); ++i) {
        sum += clean[i].excess - average;
        if (std::fabs(sum) <= largest) continue;
        largest = std::fabs(sum);
        split.place = clean[i].place;
    }
    const std::vector<Cluster> columns = split_at(clusters, split.place);
    split.fit = fit_within_clusters(columns, 2, IndependentUnit::row);
    split.squares = squares_left(columns, split.fit, 2);
    return split;
}

// The level against place and log N.
ClusteredFit fit_place_and_length(std::span<const Cluster> clusters) {
    const ClusteredFit line = fit_within_clusters(clusters, 2, IndependentUnit::row);
    if (std::isfinite(line.error[0])) return line;
    // One output length in each cell: log N has nothing to say.
    return fit_within_clusters(clusters, 1, IndependentUnit::row);
}

// The level against log N alone, as the second column of a fit whose first has nothing to say.
ClusteredFit fit_length(std::vector<Cluster> clusters) {
    for (Cluster& cluster : clusters) std::swap(cluster.x[0], cluster.x[1]);
    ClusteredFit line = fit_within_clusters(clusters, 1, IndependentUnit::row);
    line.value = {0, line.value[0]};
    line.error = {std::numeric_limits<double>::infinity(), line.error[0]};
    line.degrees = {0, line.degrees[0]};
    return line;
}

double percent_of_log(double log_ratio) { return 100 * std::expm1(log_ratio); }

PositionEffect effect_of(PositionEffectKind kind, double value, double half) {
    PositionEffect effect;
    effect.kind = kind;
    effect.estimate = percent_of_log(value);
    effect.interval = {percent_of_log(value - half), percent_of_log(value + half)};
    effect.unit = "percent";
    return effect;
}

struct RunChange {
    PositionEffect effect;
    double log_ratio = 0;         // over the whole run, or at the split
    std::optional<double> split;  // place of a shift

    double at(double place) const {
        if (split) return place > *split ? log_ratio : 0;
        return log_ratio * place;
    }
};

std::optional<RunChange> change_over_run(const Cells& cells, const std::vector<Cluster>& clusters,
                                         const ClusteredFit& line) {
    // The place of a split is chosen from the data: a maximum of about ten independent tests.
    constexpr double chosen_split = 1.17;  // factor on 3.7 standard errors for a tenth of the p
    const SplitFit split = best_split(cells, clusters, line.value[1]);
    const double degrees = line.degrees[0];
    const bool drifts = is_significant(line, 0) && std::fabs(line.value[0]) >= least_effect;
    const bool shifts =
        is_significant(split.fit.value[0] / chosen_split, split.fit.error[0], degrees) &&
        std::fabs(split.fit.value[0]) >= least_effect;
    if (!drifts && !shifts) return std::nullopt;
    const double factor = claim_factor(degrees);
    if (shifts && (!drifts || split.squares < squares_left(clusters, line, 2))) {
        PositionEffect effect =
            effect_of(PositionEffectKind::shift, split.fit.value[0], factor * split.fit.error[0]);
        effect.sentence = fmt::format(
            "From {:.0f} % of the run on, requests take {:.3g} % {} at every step ({:.3g} to "
            "{:.3g} %).",
            100 * split.place, std::fabs(effect.estimate), effect.estimate > 0 ? "longer" : "less",
            effect.interval[0], effect.interval[1]);
        return RunChange{effect, split.fit.value[0], split.place};
    }
    PositionEffect effect =
        effect_of(PositionEffectKind::drift, line.value[0], factor * line.error[0]);
    effect.sentence = fmt::format(
        "The level of the requests {} by {:.3g} % over the run ({:.3g} to {:.3g} %), at equal "
        "work.",
        effect.estimate > 0 ? "rises" : "falls", std::fabs(effect.estimate), effect.interval[0],
        effect.interval[1]);
    return RunChange{effect, line.value[0], std::nullopt};
}

// A shift makes two groups of its own, early and late requests.
std::vector<RequestLevel> without_change(std::span<const RequestLevel> levels,
                                         const RunChange& change) {
    std::vector<RequestLevel> steady(levels.begin(), levels.end());
    for (RequestLevel& level : steady) level.ms *= std::exp(-change.at(level.place));
    return steady;
}

std::optional<PositionEffect> change_by_length(std::span<const RequestLevel> levels,
                                               const ClusteredFit& line) {
    std::vector<double> logs;
    for (const RequestLevel& level : levels) logs.push_back(log_tokens(level));
    const double low = quantile(logs, 0.05);
    const double high = quantile(logs, 0.95);
    const double over_range = line.value[1] * (high - low);
    if (std::fabs(over_range) < least_effect) return std::nullopt;
    if (!is_significant(line, 1)) return std::nullopt;
    const double half = claim_factor(line.degrees[1]) * line.error[1] * (high - low);
    PositionEffect effect = effect_of(PositionEffectKind::level_by_length, over_range, half);
    effect.sentence = fmt::format(
        "Requests of {:.0f} tokens take {:.3g} % {} at every step than those of {:.0f} tokens "
        "({:.3g} to {:.3g} %), at equal work: a property of the requests, not of the position.",
        std::exp(high), std::fabs(effect.estimate), effect.estimate > 0 ? "longer" : "less",
        std::exp(low), effect.interval[0], effect.interval[1]);
    return effect;
}

// Of the residuals of single steps.
double clip_limit(const StepPanel& panel, const PositionModel& model) {
    std::vector<double> residuals;
    for (const StepResidual& residual : step_residuals(panel, model))
        residuals.push_back(residual.excess);
    return 4 * robust_deviation(residuals);
}

// The mean of the settled steps, stray ones clipped. A median would depend on the number of steps
// where single steps have two speeds.
double mean_level_ms(const StepSeries& request, const PositionModel& model, double limit) {
    const double middle = level_ms(request, model);
    const StepRange range = settled_steps(request, model);
    double sum = 0;
    for (int step = range.first; step <= range.last; ++step)
        sum += std::clamp(residual_of(request, model, middle, step), -limit, limit);
    return middle * (1 + sum / range.size());
}

// Of all steps of a short request, where no step differs by its position.
double mean_of_few(const StepSeries& request, const PositionModel& model) {
    double sum = 0;
    for (int step = 1; step <= request.steps(); ++step)
        sum += request.ms[static_cast<std::size_t>(step - 1)] / model.factor(request, step);
    return sum / request.steps();
}

}  // namespace

std::vector<RequestLevel> request_levels(const StepPanel& panel, const PositionModel& model) {
    const double limit = clip_limit(panel, model);
    std::vector<RequestLevel> levels;
    // Without effects of position any step tells the level; else the settled ones alone.
    const bool flat = model.transient.empty() && model.last == 0;
    for (const StepSeries& request : panel.requests) {
        const StepRange range = settled_steps(request, model);
        double ms = NAN;
        if (range.size() >= least_steps) ms = mean_level_ms(request, model, limit);
        if (flat && range.size() < least_steps) ms = mean_of_few(request, model);
        if (std::isfinite(ms))
            levels.push_back(
                {request.cell, request.place, request.steps() + 1.0, ms, range.size()});
    }
    return levels;
}

LevelEffects find_level_effects(std::span<const RequestLevel> levels, bool timed) {
    LevelEffects found;
    const Cells cells = cells_of(levels);
    const std::size_t degrees = degrees_of(cells);
    if (degrees < least_degrees) {
        found.untested = fmt::format(
            "drift, shift and level by length need repeated requests of one configuration on one "
            "data set: {} of at least {} are there",
            degrees, least_degrees);
        return found;
    }
    const std::vector<Cluster> clusters = clusters_of(cells);
    const ClusteredFit line = timed ? fit_place_and_length(clusters) : fit_length(clusters);
    std::optional<RunChange> change;
    if (timed) change = change_over_run(cells, clusters, line);
    else found.drift_untested = "drift and shift need records with their time";
    if (change) found.effects.push_back(change->effect);
    if (auto length = change_by_length(levels, line)) found.effects.push_back(*length);
    const std::vector<RequestLevel> steady = without_change(levels, change.value_or(RunChange{}));
    if (auto two = find_two_request_speeds(steady, line.value[1])) found.effects.push_back(*two);
    return found;
}

}  // namespace decodemeter
