#include "estimator/evaluate/metrics.hpp"

#include <cmath>
#include <cstddef>

namespace decodemeter {

namespace {

struct Sums {
    std::int64_t count = 0;
    double measured = 0;
    double absolute = 0;
    double square = 0;
    double relative = 0;
};

template <class Visit>
void each_pair(std::span<const double> predicted, std::span<const double> measured,
               const Visit& visit) {
    for (std::size_t i = 0; i < predicted.size() && i < measured.size(); ++i) {
        if (std::isfinite(predicted[i]) && measured[i] > 0) visit(predicted[i], measured[i]);
    }
}

double total_square(std::span<const double> predicted, std::span<const double> measured,
                    double mean) {
    double sum = 0;
    each_pair(predicted, measured, [&](double, double m) { sum += (m - mean) * (m - mean); });
    return sum;
}

}  // namespace

Errors errors_of(std::span<const double> predicted, std::span<const double> measured) {
    Sums sums;
    each_pair(predicted, measured, [&](double p, double m) {
        ++sums.count;
        sums.measured += m;
        sums.absolute += std::abs(p - m);
        sums.square += (p - m) * (p - m);
        sums.relative += std::abs(p - m) / m;
    });
    Errors errors;
    errors.count = sums.count;
    if (sums.count == 0) return errors;
    const double n = static_cast<double>(sums.count);
    const double mean = sums.measured / n;
    const double spread = total_square(predicted, measured, mean);
    errors.mae_ms = sums.absolute / n;
    errors.rmse_ms = std::sqrt(sums.square / n);
    errors.mape_percent = 100 * sums.relative / n;
    errors.mean_relative_error_percent = 100 * errors.mae_ms / mean;
    if (spread > 0) errors.r2 = 1 - sums.square / spread;
    return errors;
}

std::string_view prefill_verdict(const Errors& errors) noexcept {
    const double percent = errors.mean_relative_error_percent;
    if (std::isnan(percent)) return "nothing to judge";
    if (percent < 5) return "excellent";
    if (percent < 10) return "good";
    return percent < 20 ? "fair" : "poor";
}

std::string_view decode_verdict(const Errors& errors) noexcept {
    const double percent = errors.mean_relative_error_percent;
    if (std::isnan(percent)) return "nothing to judge";
    return percent < 20 ? "good" : "poor";
}

}  // namespace decodemeter
