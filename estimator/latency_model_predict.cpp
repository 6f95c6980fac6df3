#include <array>
#include <limits>

#include "estimator/latency_model.hpp"

namespace decodemeter {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
// More tokens, blocks or experts than any model has: a request beyond it is a mistake, not an
// extrapolation.
constexpr int largest_count = 1 << 22;

Feature feature_out_of_range(const LatencyModel& model, const Request& request,
                             int output_tokens) noexcept {
    const std::array<double, range_count> values = {
        static_cast<double>(request.vision_tokens), static_cast<double>(request.text_tokens),
        static_cast<double>(request.tier),          static_cast<double>(request.top_k),
        static_cast<double>(request.active_blocks), static_cast<double>(crops_of(request)),
        static_cast<double>(output_tokens)};
    for (std::size_t i = 0; i < range_count; ++i) {
        if (!model.ranges[i].holds(values[i])) return static_cast<Feature>(i + 1);
    }
    return Feature::none;
}

BoundedTime bounded(double expected_ms, const BoundFactors& factors) noexcept {
    return {expected_ms, expected_ms * factors.p90, expected_ms * factors.p95,
            expected_ms * factors.p99};
}

Estimate refusal(Feature feature) noexcept {
    const BoundedTime nothing{nan, nan, nan, nan};
    return {nothing, nothing, nothing, nan, Coverage::refused, feature, false};
}

}  // namespace

Feature meaningless_feature(const Request& request, int output_tokens) noexcept {
    const auto outside = [](int value, int low) { return value < low || value > largest_count; };
    if (outside(request.vision_tokens, 0)) return Feature::vision_tokens;
    if (outside(request.text_tokens, 0)) return Feature::text_tokens;
    if (request.tier < 0 || request.tier > 2) return Feature::tier;
    if (outside(request.top_k, 0)) return Feature::top_k;
    if (outside(request.active_blocks, 1)) return Feature::active_blocks;
    if (outside(request.num_crops, 0)) return Feature::num_crops;
    return outside(output_tokens, 1) ? Feature::output_tokens : Feature::none;
}

Estimate predict(const LatencyModel& model, const Request& request, int output_tokens) noexcept {
    if (const Feature feature = meaningless_feature(request, output_tokens);
        feature != Feature::none)
        return refusal(feature);
    const ResidualFactors factors = residual_factors(model.residual, request);
    const double prefill = prefill_ms(model.physics, request) * factors.prefill;
    const double decode = decode_ms(model.physics, request, output_tokens) * factors.decode;
    const std::size_t bin = bound_bin(output_tokens);

    Estimate estimate;
    estimate.prefill = bounded(prefill, model.bounds.prefill);
    estimate.decode = bounded(decode, model.bounds.decode[bin]);
    // Without a decode step the total is the prefill, and so is its bound.
    estimate.total = output_tokens > 1 ? bounded(prefill + decode, model.bounds.total[bin])
                                       : bounded(prefill, model.bounds.prefill);
    estimate.hierarchical_p95_ms = estimate.total.p95_ms * model.bounds.hierarchical;
    estimate.feature = feature_out_of_range(model, request, output_tokens);
    if (estimate.feature != Feature::none) estimate.coverage = Coverage::extrapolated;
    else if (!model.table.contains(request)) estimate.coverage = Coverage::interpolated;
    estimate.bounds_calibrated = estimate.coverage != Coverage::extrapolated;
    return estimate;
}

}  // namespace decodemeter
