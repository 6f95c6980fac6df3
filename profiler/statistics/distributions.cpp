#include "profiler/statistics/distributions.hpp"

#include <cmath>
#include <numbers>

namespace decodemeter {

namespace {

double log_choose(double n, double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

}  // namespace

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double two_sided_p(double z) { return std::erfc(std::fabs(z) / std::numbers::sqrt2); }

double fair_coin_cdf(std::int64_t k, std::int64_t n) {
    if (k < 0) return 0;
    if (k >= n) return 1;
    // Sum the shorter tail, from its largest term outwards, until the terms no longer count.
    const bool upper = 2 * k > n;
    const std::int64_t last = upper ? n - k - 1 : k;
    const auto size = static_cast<double>(n);
    double term = std::exp(log_choose(size, static_cast<double>(last)) - size * std::numbers::ln2);
    double sum = 0;
    for (std::int64_t i = last; i >= 0 && term > 1e-18 * sum; --i) {
        sum += term;
        term *= static_cast<double>(i) / static_cast<double>(n - i + 1);
    }
    return upper ? 1 - sum : sum;
}

}  // namespace decodemeter
