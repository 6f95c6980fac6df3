#include <algorithm>
#include <array>
#include <bitset>
#include <limits>

#include "estimator/predictor/latency_model.hpp"

namespace decodemeter {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
// More tokens, blocks or experts than any model has: a request beyond it is a mistake, not an
// extrapolation.
constexpr int largest_count = 1 << 22;

using FeatureSet = std::bitset<range_count>;  // bit i: Feature(i + 1)

Feature first_of(const FeatureSet& features) noexcept {
    for (std::size_t i = 0; i < range_count; ++i)
        if (features[i]) return static_cast<Feature>(i + 1);
    return Feature::none;
}

std::array<int, range_count> values_of(const Request& request, int output_tokens,
                                       int crops) noexcept {
    return {request.vision_tokens, request.text_tokens,   request.tier,
            request.top_k,         request.active_blocks, crops,
            output_tokens};
}

FeatureSet out_of_range(const FeatureRanges& ranges, const Request& request,
                        int output_tokens) noexcept {
    const auto values = values_of(request, output_tokens, crops_of(request));
    FeatureSet outside;
    for (std::size_t i = 0; i < range_count; ++i)
        outside[i] = !ranges[i].holds(static_cast<double>(values[i]));
    return outside;
}

FeatureSet meaningless(const Request& request, int output_tokens) noexcept {
    constexpr std::array<int, range_count> least = {0, 0, 0, 0, 1, 0, 1};
    const auto values = values_of(request, output_tokens, request.num_crops);
    constexpr std::size_t tier = static_cast<std::size_t>(Feature::tier) - 1;
    FeatureSet outside;
    for (std::size_t i = 0; i < range_count; ++i)
        outside[i] = values[i] < least[i] || values[i] > (i == tier ? 2 : largest_count);
    return outside;
}

// Fills the fields that say how far the records cover the request.
void set_coverage(Estimate& estimate, const LatencyModel& model, const Request& request,
                  int output_tokens) noexcept {
    estimate.feature = first_of(out_of_range(model.ranges, request, output_tokens));
    if (estimate.feature != Feature::none) {
        estimate.coverage = Coverage::extrapolated;
    } else {
        const auto& own = model.tier_ranges[static_cast<std::size_t>(request.tier)];
        if (own) estimate.feature = first_of(out_of_range(*own, request, output_tokens));
        if (estimate.feature != Feature::none || !model.table.contains(request))
            estimate.coverage = Coverage::interpolated;
    }
    estimate.bounds_calibrated =
        model.bounds.calibrated && estimate.coverage != Coverage::extrapolated;
}

BoundedTime bounded(double expected_ms, const BoundFactors& factors) noexcept {
    return {expected_ms, expected_ms * factors.p90, expected_ms * factors.p95,
            expected_ms * factors.p99};
}

BoundedTime at_least(const BoundedTime& time, const BoundedTime& least) noexcept {
    return {std::max(time.expected_ms, least.expected_ms), std::max(time.p90_ms, least.p90_ms),
            std::max(time.p95_ms, least.p95_ms), std::max(time.p99_ms, least.p99_ms)};
}

// A bound of a time that grows with N. Where the factor falls from a bin to the next, the bound at
// the end of the shorter bin still holds for longer answers.
template <class Time>
BoundedTime rising_bound(int output_tokens, const std::array<BoundFactors, bound_bins>& factors,
                         const Time& time_ms) noexcept {
    const std::size_t bin = bound_bin(output_tokens);
    BoundedTime result = bounded(time_ms(output_tokens), factors[bin]);
    for (std::size_t shorter = 0; shorter < bin; ++shorter) {
        const BoundedTime before =
            bounded(time_ms(longest_in_bound_bin[shorter]), factors[shorter]);
        result =
            at_least(result, {result.expected_ms, before.p90_ms, before.p95_ms, before.p99_ms});
    }
    return result;
}

Estimate refusal(Feature feature) noexcept {
    const BoundedTime nothing{nan, nan, nan, nan};
    return {nothing, nothing, nothing, nan, Coverage::refused, feature, false};
}

}  // namespace

Feature meaningless_feature(const Request& request, int output_tokens) noexcept {
    return first_of(meaningless(request, output_tokens));
}

std::vector<Feature> offending_features(const LatencyModel& model, const Request& request,
                                        int output_tokens) {
    FeatureSet offending = meaningless(request, output_tokens);
    if (offending.none()) {
        offending = out_of_range(model.ranges, request, output_tokens);
        const auto& own = model.tier_ranges[static_cast<std::size_t>(request.tier)];
        if (offending.none() && own) offending = out_of_range(*own, request, output_tokens);
    }
    std::vector<Feature> features;
    for (std::size_t i = 0; i < range_count; ++i)
        if (offending[i]) features.push_back(static_cast<Feature>(i + 1));
    return features;
}

Estimate predict(const LatencyModel& model, const Request& request, int output_tokens) noexcept {
    if (const Feature feature = meaningless_feature(request, output_tokens);
        feature != Feature::none)
        return refusal(feature);
    const CurveValues curves = curves_of(model.physics, request);
    const double prefill = prefill_ms(curves, request);
    const auto decode = [&](int tokens) { return decode_ms(curves, request, tokens); };
    const auto total = [&](int tokens) { return prefill + decode(tokens); };
    const Bounds& bounds = model.bounds;

    Estimate estimate;
    estimate.prefill = bounded(prefill, bounds.prefill);
    // Without a decode step the total is the prefill, and so is its bound; and no longer answer has
    // a lower one.
    estimate.decode = estimate.total = bounded(0, bounds.prefill);
    if (output_tokens > 1) {
        estimate.decode = rising_bound(output_tokens, bounds.decode, decode);
        estimate.total = rising_bound(output_tokens, bounds.total, total);
    }
    estimate.total = at_least(estimate.total, estimate.prefill);
    estimate.hierarchical_p95_ms = estimate.total.p95_ms * bounds.hierarchical.value_or(nan);
    set_coverage(estimate, model, request, output_tokens);
    return estimate;
}

}  // namespace decodemeter
