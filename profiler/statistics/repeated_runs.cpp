#include "profiler/statistics/repeated_runs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "profiler/statistics/distributions.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
// Student's t is the normal distribution from here on, within 1e-5.
constexpr double many_degrees = 1e5;

double squared_distances(std::span<const double> levels) {
    const double center = mean(levels);
    double sum = 0;
    for (const double level : levels) sum += (level - center) * (level - center);
    return sum;
}

}  // namespace

RunSpread stated_spread(double deviation) noexcept { return {deviation, infinite}; }

RunSpread pooled_spread(std::span<const RunLevels> groups, double free_groups) {
    if (groups.empty()) return {};
    double sum = 0;
    for (const RunLevels& levels : groups)
        sum += squared_distances(levels.a) + squared_distances(levels.b);
    const auto runs = static_cast<double>(groups.front().a.size() + groups.front().b.size());
    const double degrees = free_groups * (runs - 2);
    if (!(degrees > 0)) return {};
    return {std::sqrt(sum / degrees), degrees};
}

MedianInterval level_change(const RunLevels& levels, const RunSpread& spread, double error,
                            double confidence) {
    const double change = mean(levels.b) - mean(levels.a);
    if (!spread.known() || !std::isfinite(error)) return {change, -infinite, infinite, 0};
    const double runs =
        1 / static_cast<double>(levels.a.size()) + 1 / static_cast<double>(levels.b.size());
    const double factor = student_t_factor(confidence, std::min(spread.degrees, many_degrees));
    const double reach =
        factor * std::sqrt(spread.deviation * spread.deviation * runs + error * error);
    return {change, change - reach, change + reach, confidence};
}

}  // namespace decodemeter
