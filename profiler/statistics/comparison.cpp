#include "profiler/statistics/comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "profiler/statistics/distributions.hpp"

namespace decodemeter {

namespace {

constexpr double least_confidence = 0.9;
constexpr double z_95 = 1.959963984540054;
// All differences of two sides are formed; larger sides are thinned evenly to this many values.
constexpr std::size_t largest_side = 1000;

std::vector<double> sorted_logarithms(std::span<const double> values) {
    std::vector<double> logs;
    for (const double value : values) {
        if (value > 0) logs.push_back(std::log(value));
    }
    std::sort(logs.begin(), logs.end());
    return logs;
}

std::vector<double> thinned(std::vector<double> sorted) {
    if (sorted.size() <= largest_side) return sorted;
    std::vector<double> kept;
    for (std::size_t i = 0; i < largest_side; ++i)
        kept.push_back(sorted[i * sorted.size() / largest_side]);
    return kept;
}

double element(std::vector<double>& values, std::size_t rank) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(rank, values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

double middle(std::vector<double>& values) {
    return 0.5 * (element(values, (values.size() - 1) / 2) + element(values, values.size() / 2));
}

// Of the number of pairs with y < x; its normal approximation is good from about 5 values a side.
double rank_sum_sd(double m, double n) { return std::sqrt(m * n * (m + n + 1) / 12); }

double rank_sum_p(const std::vector<double>& differences, double m, double n) {
    double below = 0;
    for (const double difference : differences)
        below += difference < 0 ? 1 : difference == 0 ? 0.5 : 0;
    const double distance = std::max(0.0, std::fabs(below - m * n / 2) - 0.5);
    return two_sided_p(distance / rank_sum_sd(m, n));
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
    constexpr std::array<std::string_view, 4> names = {"SAME", "FASTER", "SLOWER", "AMBIGUOUS"};
    return names[static_cast<std::size_t>(verdict)];
}

double sign_test_p(std::int64_t negative, std::int64_t positive) {
    return std::min(1.0, 2 * fair_coin_cdf(std::min(negative, positive), negative + positive));
}

double percent_of_log_ratio(double log_ratio) noexcept { return 100 * std::expm1(log_ratio); }

Verdict verdict_of(const MedianInterval& log_ratio, double same_within) noexcept {
    if (!(log_ratio.confidence >= least_confidence)) return Verdict::ambiguous;
    const double margin = std::log1p(same_within);
    if (log_ratio.lower >= -margin && log_ratio.upper <= margin) return Verdict::same;
    if (log_ratio.upper < 0) return Verdict::faster;
    if (log_ratio.lower > 0) return Verdict::slower;
    return Verdict::ambiguous;
}

Comparison compare_paired(std::span<const double> a, std::span<const double> b,
                          double same_within) {
    std::vector<double> ratios;
    std::int64_t negative = 0;
    std::int64_t positive = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (!(a[i] > 0 && b[i] > 0)) continue;
        ratios.push_back(std::log(b[i] / a[i]));
        negative += ratios.back() < 0;
        positive += ratios.back() > 0;
    }
    Comparison comparison;
    comparison.log_ratio = median_interval(ratios);
    comparison.p = sign_test_p(negative, positive);
    comparison.pairs = static_cast<std::int64_t>(ratios.size());
    comparison.verdict = verdict_of(comparison.log_ratio, same_within);
    return comparison;
}

Comparison compare_unpaired(std::span<const double> a, std::span<const double> b,
                            double same_within) {
    const std::vector<double> x = thinned(sorted_logarithms(a));
    const std::vector<double> y = thinned(sorted_logarithms(b));
    Comparison comparison;
    comparison.paired = false;
    comparison.pairs = static_cast<std::int64_t>(std::min(x.size(), y.size()));
    if (x.empty() || y.empty()) {
        comparison.log_ratio = median_interval({});
        return comparison;
    }
    std::vector<double> differences;
    differences.reserve(x.size() * y.size());
    for (const double from : x) {
        for (const double to : y) differences.push_back(to - from);
    }
    const auto m = static_cast<double>(x.size());
    const auto n = static_cast<double>(y.size());
    comparison.p = rank_sum_p(differences, m, n);
    const double depth = m * n / 2 - z_95 * rank_sum_sd(m, n);
    const auto cut = static_cast<std::size_t>(std::max(0.0, std::floor(depth)));
    comparison.log_ratio = {middle(differences), element(differences, cut),
                            element(differences, differences.size() - 1 - cut),
                            depth >= 1 ? 0.95 : 0};
    comparison.verdict = verdict_of(comparison.log_ratio, same_within);
    return comparison;
}

}  // namespace decodemeter
