#include "profiler/statistics/distributions.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace decodemeter {

namespace {

double log_choose(double n, double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// One step of the continued fraction of the incomplete beta function by Lentz's method. `numerator`
// is the fraction's next coefficient.
struct LentzFraction {
    double value = 1;
    double c = 1;
    double d = 0;

    double step(double numerator) {
        d = 1 / nonzero(1 + numerator * d);
        c = nonzero(1 + numerator / c);
        value *= c * d;
        return c * d;
    }
    static double nonzero(double x) { return std::fabs(x) < 1e-300 ? 1e-300 : x; }
};

// I_x(a, b) for x below (a + 1) / (a + b + 2), where the fraction converges fast (Abramowitz and
// Stegun 26.5.8). `complement` is 1 - x.
double beta_fraction(double x, double complement, double a, double b) {
    LentzFraction fraction;
    fraction.step(-(a + b) * x / (a + 1));
    for (int m = 1; m <= 10000; ++m) {
        fraction.step(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
        const double change =
            fraction.step(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
        if (std::fabs(change - 1) < 1e-15) break;
    }
    const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                  a * std::log(x) + b * std::log(complement));
    return front / (a * fraction.value);
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

double student_t_two_sided_p(double t, double degrees) {
    if (std::isnan(t)) return std::numeric_limits<double>::quiet_NaN();
    if (std::isinf(t)) return 0;
    if (t == 0) return 1;
    const double a = degrees / 2;
    const double b = 0.5;
    const double x = degrees / (degrees + t * t);
    const double complement = t * t / (degrees + t * t);
    if (x < (a + 1) / (a + b + 2)) return beta_fraction(x, complement, a, b);
    return 1 - beta_fraction(complement, x, b, a);
}

double student_t_factor(double confidence, double degrees) {
    double low = 0;
    double high = 1;
    while (student_t_two_sided_p(high, degrees) > 1 - confidence) high *= 2;
    for (int i = 0; i < 100; ++i) {
        const double middle = 0.5 * (low + high);
        (student_t_two_sided_p(middle, degrees) > 1 - confidence ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace decodemeter
