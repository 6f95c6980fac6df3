#include "profiler/statistics/median_interval.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "profiler/statistics/distributions.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

// The interval from the d-th smallest to the d-th largest of n values holds the median with this
// probability.
double order_confidence(std::int64_t d, std::int64_t n) { return 1 - 2 * fair_coin_cdf(d - 1, n); }

// The largest d whose interval still reaches `confidence`; 0 where not even the range does.
std::int64_t depth(std::int64_t n, double confidence) {
    // A normal approximation to start from, then exact steps.
    const auto guess =
        static_cast<std::int64_t>(0.5 * static_cast<double>(n) - std::sqrt(static_cast<double>(n)));
    std::int64_t d = std::max<std::int64_t>(0, guess - 2);
    while (d > 0 && order_confidence(d, n) < confidence) --d;
    while (2 * (d + 1) <= n && order_confidence(d + 1, n) >= confidence) ++d;
    return d;
}

// Weight of the inner order statistic, such that the confidence is met between depths d and d + 1.
double inner_weight(std::int64_t d, std::int64_t n, double confidence) {
    if (2 * (d + 1) > n) return 0;
    const double outer = order_confidence(d, n);
    const double inner = order_confidence(d + 1, n);
    const double share = (outer - confidence) / (outer - inner);
    const auto size = static_cast<double>(n);
    const auto at = static_cast<double>(d);
    return (size - at) * share / (at + (size - 2 * at) * share);
}

}  // namespace

MedianInterval median_interval_of_sorted(std::span<const double> sorted, double confidence) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    if (sorted.empty()) return {nan, nan, nan, 0};
    const auto n = static_cast<std::int64_t>(sorted.size());
    const double center = quantile_of_sorted(sorted, 0.5);
    const std::int64_t d = depth(n, confidence);
    if (d == 0) return {center, sorted.front(), sorted.back(), order_confidence(1, n)};
    const double weight = inner_weight(d, n, confidence);
    const auto at = [&](std::int64_t rank) { return sorted[static_cast<std::size_t>(rank - 1)]; };
    const auto between = [&](std::int64_t outer, std::int64_t inner) {
        return weight > 0 ? (1 - weight) * at(outer) + weight * at(inner) : at(outer);
    };
    return {center, between(d, d + 1), between(n - d + 1, n - d), confidence};
}

MedianInterval median_interval(std::span<const double> values, double confidence) {
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    return median_interval_of_sorted(sorted, confidence);
}

double relative_half_width(const MedianInterval& interval) {
    return (interval.upper - interval.lower) / (2 * interval.median);
}

}  // namespace decodemeter
