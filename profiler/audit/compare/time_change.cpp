#include "profiler/audit/compare/time_change.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "profiler/statistics/comparison.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double confidence = 0.95;
constexpr double z_95 = 1.959963984540054;

double mean_log(const std::vector<double>& times) {
    double sum = 0;
    for (const double time : times) sum += std::log(time);
    return sum / static_cast<double>(times.size());
}

RunLevels levels_of(const std::vector<double>& by_run, std::size_t runs_a) {
    const auto middle = by_run.begin() + static_cast<std::ptrdiff_t>(runs_a);
    return {{by_run.begin(), middle}, {middle, by_run.end()}};
}

// Mean over a side's runs, by request.
std::vector<double> side_times(const MatchedTimes& matched, bool of_b) {
    std::vector<double> result;
    for (const auto& times : matched.times) {
        const auto middle = times.begin() + static_cast<std::ptrdiff_t>(matched.runs_a);
        const double count = static_cast<double>(of_b ? times.end() - middle : matched.runs_a);
        const double sum = of_b ? std::accumulate(middle, times.end(), 0.0)
                                : std::accumulate(times.begin(), middle, 0.0);
        result.push_back(sum / count);
    }
    return result;
}

double weighted_mean(const std::vector<double>& values, const std::vector<double>& weights) {
    const double sum = std::inner_product(values.begin(), values.end(), weights.begin(), 0.0);
    return sum / std::accumulate(weights.begin(), weights.end(), 0.0);
}

std::vector<double> log_ratios(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(std::log(b[i] / a[i]));
    return ratios;
}

// Standard error of log(mean b / mean a) over requests, by the ratio estimator's residuals.
double error_of_mean(const std::vector<double>& a, const std::vector<double>& b,
                     const std::vector<double>& weights) {
    const double ratio = weighted_mean(b, weights) / weighted_mean(a, weights);
    double squares = 0;
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double residual = weights[i] * (b[i] - ratio * a[i]);
        squares += residual * residual;
        sum += weights[i] * b[i];
    }
    return std::sqrt(squares) / sum;
}

RunVerdict run_verdict(const MedianInterval& change, double same_within) {
    switch (verdict_of(change, same_within)) {
        case Verdict::same:
            return RunVerdict::same;
        case Verdict::faster:
            return RunVerdict::faster;
        case Verdict::slower:
            return RunVerdict::slower;
        case Verdict::ambiguous:
            break;
    }
    return RunVerdict::undecided;
}

}  // namespace

MatchedTimes step_times(std::span<const MatchedRequest* const> requests, std::size_t runs_a) {
    MatchedTimes matched{{}, {}, runs_a};
    for (const MatchedRequest* request : requests) {
        matched.times.push_back(request->step_ms);
        matched.weights.push_back(request->steps);
    }
    return matched;
}

MatchedTimes prefill_times(std::span<const MatchedRequest* const> requests, std::size_t runs_a) {
    MatchedTimes matched{{}, {}, runs_a};
    for (const MatchedRequest* request : requests) {
        const auto& times = request->prefill_ms;
        if (*std::min_element(times.begin(), times.end()) <= 0) continue;
        matched.times.push_back(times);
        matched.weights.push_back(1);
    }
    return matched;
}

RunLevels median_levels(const MatchedTimes& matched) {
    std::vector<std::vector<double>> relative(matched.runs());
    for (const auto& times : matched.times) {
        const double center = mean_log(times);
        for (std::size_t run = 0; run < times.size(); ++run)
            relative[run].push_back(std::log(times[run]) - center);
    }
    std::vector<double> levels;
    for (const auto& values : relative) levels.push_back(median(values));
    return levels_of(levels, matched.runs_a);
}

RunLevels mean_levels(const MatchedTimes& matched) {
    std::vector<double> sums(matched.runs());
    for (std::size_t i = 0; i < matched.times.size(); ++i) {
        for (std::size_t run = 0; run < sums.size(); ++run)
            sums[run] += matched.weights[i] * matched.times[i][run];
    }
    for (double& sum : sums) sum = std::log(sum);
    return levels_of(sums, matched.runs_a);
}

RunSpread spread_of(std::span<const RunLevels> groups, double free_groups,
                    const ComparisonOptions& options) {
    const RunSpread observed = pooled_spread(groups, free_groups);
    if (!options.run_level) return observed;
    const RunSpread stated = stated_spread(*options.run_level);
    return observed.deviation > stated.deviation ? observed : stated;
}

double error_of_median(const TimeChange& change, const ComparisonOptions& options) {
    if (!options.run_level) return 0;
    if (!(change.within.confidence >= 0.9)) return std::numeric_limits<double>::infinity();
    return (change.within.upper - change.within.lower) / (2 * z_95);
}

TimeChange time_change(const MatchedTimes& matched, const ComparisonOptions& options) {
    TimeChange change;
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    change.requests = static_cast<std::int64_t>(matched.times.size());
    change.a_ms = change.b_ms = change.mean_a_ms = change.mean_b_ms = none;
    change.within = change.median = change.mean = {none, none, none, 0};
    if (matched.times.empty()) return change;
    const std::vector<double> a = side_times(matched, false);
    const std::vector<double> b = side_times(matched, true);
    change.a_ms = median(a);
    change.b_ms = median(b);
    change.mean_a_ms = weighted_mean(a, matched.weights);
    change.mean_b_ms = weighted_mean(b, matched.weights);
    change.within = median_interval(log_ratios(a, b), confidence);
    const RunLevels medians = median_levels(matched);
    const RunLevels means = mean_levels(matched);
    const double median_error = error_of_median(change, options);
    const double mean_error =
        median_error > 0 ? std::max(median_error, error_of_mean(a, b, matched.weights)) : 0;
    change.median = level_change(medians, spread_of(std::span(&medians, 1), 1, options),
                                 median_error, confidence);
    change.mean =
        level_change(means, spread_of(std::span(&means, 1), 1, options), mean_error, confidence);
    change.verdict = run_verdict(change.median, options.same_within);
    return change;
}

}  // namespace decodemeter
