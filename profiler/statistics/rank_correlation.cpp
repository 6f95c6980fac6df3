#include "profiler/statistics/rank_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profiler/statistics/distributions.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

// Slopes between pairs that are about half the series apart: as sturdy as all pairs, in linear
// time.
double distant_pair_slope(std::span<const double> times, std::span<const double> values) {
    std::vector<std::size_t> order(times.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
    const std::size_t half = order.size() / 2;
    std::vector<double> slopes;
    for (std::size_t i = 0; i + half < order.size(); ++i) {
        const std::size_t from = order[i], to = order[i + half];
        if (times[to] > times[from])
            slopes.push_back((values[to] - values[from]) / (times[to] - times[from]));
    }
    return slopes.empty() ? 0 : median(slopes);
}

}  // namespace

std::vector<double> ranks(std::span<const double> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> result(values.size());
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin;
        while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
        const double shared = 0.5 * static_cast<double>(begin + 1 + end);
        for (std::size_t i = begin; i < end; ++i) result[order[i]] = shared;
        begin = end;
    }
    return result;
}

RankCorrelation rank_correlation(std::span<const double> x, std::span<const double> y) {
    const std::vector<double> rank_x = ranks(x), rank_y = ranks(y);
    RankCorrelation result;
    result.rho = correlation(rank_x, rank_y);
    if (!std::isnan(result.rho))
        result.p = two_sided_p(result.rho * std::sqrt(static_cast<double>(x.size() - 1)));
    return result;
}

Drift find_drift(std::span<const double> times, std::span<const double> values,
                 double least_change) {
    constexpr std::size_t least_values = 20;
    Drift drift;
    if (values.size() < least_values) return drift;
    drift.rank = rank_correlation(times, values);
    const auto [first, last] = std::minmax_element(times.begin(), times.end());
    drift.change = distant_pair_slope(times, values) * (*last - *first);
    drift.found = drift.rank.p < 0.001 && std::fabs(drift.change) >= least_change;
    return drift;
}

}  // namespace decodemeter
