#include "profiler/statistics/rank_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "profiler/statistics/distributions.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t largest_exact = 8;  // 40,320 orders

// The share of all orders of `rank_y` whose |rho| reaches `rho`; rounding must not exclude the
// order that was measured.
double exact_p(const std::vector<double>& rank_x, const std::vector<double>& rank_y, double rho) {
    std::vector<std::size_t> order(rank_y.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<double> permuted(rank_y.size());
    std::int64_t as_large = 0;
    std::int64_t orders = 0;
    do {
        for (std::size_t i = 0; i < order.size(); ++i) permuted[i] = rank_y[order[i]];
        as_large += std::fabs(correlation(rank_x, permuted)) >= std::fabs(rho) - 1e-12;
        ++orders;
    } while (std::next_permutation(order.begin(), order.end()));
    return static_cast<double>(as_large) / static_cast<double>(orders);
}

double student_p(double rho, double count) {
    const double t = rho * std::sqrt((count - 2) / std::max(0.0, 1 - rho * rho));
    const double perfect_order = 2 / std::exp(std::lgamma(count + 1));
    return std::max(student_t_two_sided_p(t, count - 2), perfect_order);
}

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
        const std::size_t from = order[i];
        const std::size_t to = order[i + half];
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
    const std::vector<double> rank_x = ranks(x);
    const std::vector<double> rank_y = ranks(y);
    RankCorrelation result;
    result.rho = correlation(rank_x, rank_y);
    if (std::isnan(result.rho)) return result;
    result.p = x.size() <= largest_exact ? exact_p(rank_x, rank_y, result.rho)
                                         : student_p(result.rho, static_cast<double>(x.size()));
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
