// Errors of predictions against measurements. A leaf.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace decodemeter {

// NaN where there is no row.
struct Errors {
    static constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
    double mae_ms = nothing;
    double rmse_ms = nothing;
    double mape_percent = nothing;  // mean of |error| / measured
    double r2 = nothing;
    double mean_relative_error_percent = nothing;  // MAE / mean of the measured, as published
    std::int64_t count = 0;
};

// Pairs whose measured time is not positive, or whose prediction is not finite, are left out.
Errors errors_of(std::span<const double> predicted, std::span<const double> measured);

// The published verdicts: "excellent" under 5 %, then "good", "fair", "poor"; "good" under 20 %,
// else "poor".
std::string_view prefill_verdict(const Errors& errors) noexcept;
std::string_view decode_verdict(const Errors& errors) noexcept;

}  // namespace decodemeter
