#include "profiler/statistics/bimodality.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t least_values = 30;
constexpr double least_share = 0.1;
constexpr double least_separation = 5.5;
constexpr double least_valley = 2.5;

// Running sums of the centered values, so that no digits are lost where the values are large.
struct PrefixSums {
    std::vector<double> sum{0};
    std::vector<double> square{0};

    explicit PrefixSums(std::span<const double> sorted) {
        const double center = sorted[sorted.size() / 2];
        for (const double value : sorted) {
            const double shifted = value - center;
            sum.push_back(sum.back() + shifted);
            square.push_back(square.back() + shifted * shifted);
        }
    }
    double within(std::size_t begin, std::size_t end) const {
        const double total = sum[end] - sum[begin];
        return square[end] - square[begin] - total * total / static_cast<double>(end - begin);
    }
};

}  // namespace

TwoGroups find_two_groups(std::span<const double> values, double least_distance) {
    TwoGroups groups;
    const std::size_t n = values.size();
    if (n < least_values) return groups;
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const PrefixSums sums(sorted);
    const auto margin = static_cast<std::size_t>(std::ceil(least_share * static_cast<double>(n)));
    std::size_t split = margin;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t at = margin; at + margin <= n; ++at) {
        const double within = sums.within(0, at) + sums.within(at, n);
        if (within < least) {
            least = within;
            split = at;
        }
    }
    const std::span<const double> all(sorted);
    groups.lower_center = quantile_of_sorted(all.first(split), 0.5);
    groups.upper_center = quantile_of_sorted(all.subspan(split), 0.5);
    groups.lower_count = split;
    groups.upper_count = n - split;
    const double deviation = std::sqrt(std::max(0.0, least) / static_cast<double>(n - 2));
    const double distance = groups.upper_center - groups.lower_center;
    groups.separation =
        deviation > 0 ? distance / deviation : std::numeric_limits<double>::infinity();
    const double valley =
        quantile_of_sorted(all.subspan(split), 0.1) - quantile_of_sorted(all.first(split), 0.9);
    groups.found = distance > least_distance && groups.separation >= least_separation &&
                   valley > least_valley * deviation;
    return groups;
}

}  // namespace decodemeter
