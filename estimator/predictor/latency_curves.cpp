#include "estimator/predictor/latency_curves.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "estimator/predictor/dot.hpp"
#include "estimator/predictor/image_geometry.hpp"
#include "estimator/predictor/step_physics.hpp"

namespace decodemeter {

namespace {

template <std::size_t n>
void evaluate(const std::array<KnobCost, n>& costs, const KnobCost& knobs,
              std::array<double, n>& values) noexcept {
    for (std::size_t i = 0; i < n; ++i) values[i] = dot(costs[i], knobs);
}

double range_ms(const CurveValues& curves, const Request& request, int first, int last,
                int steps) noexcept {
    return dot(curves.decode, decode_weights(step_sums(request, first, last, steps)));
}

}  // namespace

CurveValues curve_values(const Physics& physics, int top_k, int active_blocks) noexcept {
    const double blocks = active_blocks;
    const KnobCost knobs{1, blocks, blocks * top_k};
    CurveValues values;
    evaluate(physics.decode, knobs, values.decode);
    evaluate(physics.prefill, knobs, values.prefill);
    return values;
}

StepSums step_sums(const Request& request, int first, int last, int steps) noexcept {
    if (last < first) return {};
    StepSums sums;
    sums.count = last - first + 1.0;
    sums.first = first == 1 ? 1 : 0;
    sums.last = last == steps ? 1 : 0;
    sums.inverse_positions =
        first == last ? 1.0 / std::max(first, 1) : harmonic(last) - harmonic(first - 1);
    sums.positions = sums.count * (static_cast<double>(first) + last) / 2;
    sums.contexts = sums.count * request.prompt_tokens() + sums.positions;
    sums.first_prompt = sums.first * request.prompt_tokens();
    return sums;
}

DecodeWeights decode_weights(const StepSums& sums) noexcept {
    return {sums.count,
            sums.first,
            sums.count - sums.first,
            sums.inverse_positions,
            std::max(sums.count - sums.inverse_positions, 0.0),
            sums.last,
            sums.count - sums.last,
            sums.positions,
            sums.contexts,
            sums.first_prompt};
}

std::array<double, prefill_curves> prefill_weights(const Request& request) noexcept {
    const double tokens = request.prompt_tokens();
    const int crops =
        request.num_crops > 0 ? request.num_crops : monotone_crops(request.vision_tokens);
    return {1, static_cast<double>(crops), tokens, tokens * tokens};
}

double step_ms(const CurveValues& curves, const Request& request, int step) noexcept {
    return range_ms(curves, request, step, step, step + 1);
}

double last_step_ms(const CurveValues& curves, const Request& request, int step) noexcept {
    return range_ms(curves, request, step, step, step);
}

double decode_ms(const CurveValues& curves, const Request& request, int output_tokens) noexcept {
    return range_ms(curves, request, 1, output_tokens - 1, output_tokens - 1);
}

double prefill_ms(const CurveValues& curves, const Request& request) noexcept {
    return dot(curves.prefill, prefill_weights(request));
}

}  // namespace decodemeter
