// The physical model of a request's latency, in closed form.
//
// Each coefficient is a cost of the knobs in milliseconds, c(L, k) = constant + per_block L +
// per_block_expert L k >= 0, with L active blocks and k experts for each token. A decode step s of
// an answer of n steps after T prompt tokens costs
//     every + first [s=1] + after_first [s>1] + decaying / s + rising (1 - 1/s) + last [s=n] +
//     before_last [s<n] + position s + context (T+s) + first_token T [s=1],
// and a prefill with C crops
//     every + crop C + token T + token_squared T^2.
// No curve is negative and the sum of none falls with n, so a time never falls when blocks,
// experts, tokens or the answer's length grow, although the first steps and the last one may cost
// more or less than the others.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "estimator/predictor/predictor.hpp"

namespace decodemeter {

inline constexpr std::size_t knob_terms = 3;
// Milliseconds: constant, for each active block, for each active block and expert.
using KnobCost = std::array<double, knob_terms>;

inline constexpr std::array<std::string_view, 10> decode_curve_names = {
    "every_step",
    "first_step",
    "after_first_step",
    "decaying_as_1_over_s",
    "rising_as_1_minus_1_over_s",
    "last_step",
    "before_last_step",
    "per_position",
    "per_context_token",
    "first_step_per_prompt_token"};
inline constexpr std::array<std::string_view, 4> prefill_curve_names = {
    "every_prefill", "per_crop", "per_prompt_token", "per_prompt_token_squared"};
inline constexpr std::size_t decode_curves = decode_curve_names.size();
inline constexpr std::size_t prefill_curves = prefill_curve_names.size();

struct Physics {
    std::array<KnobCost, decode_curves> decode{};
    std::array<KnobCost, prefill_curves> prefill{};

    bool operator==(const Physics&) const = default;
};

// All curves at one setting of the knobs, in milliseconds for each unit of weight.
struct CurveValues {
    std::array<double, decode_curves> decode{};
    std::array<double, prefill_curves> prefill{};

    bool operator==(const CurveValues&) const = default;
};
CurveValues curve_values(const Physics& physics, int top_k, int active_blocks) noexcept;

// Sums over some steps of a request: what the curves' weights are made of.
struct StepSums {
    double count = 0;
    double first = 0;  // 1 where step 1 is among them
    double last = 0;   // 1 where the answer's last step is among them
    double inverse_positions = 0;
    double positions = 0;
    double contexts = 0;
    double first_prompt = 0;  // prompt tokens where step 1 is among them
};
// Of steps first ... last of an answer of `steps` steps (1-based, both included); zero when last <
// first.
StepSums step_sums(const Request& request, int first, int last, int steps) noexcept;

using DecodeWeights = std::array<double, decode_curves>;
DecodeWeights decode_weights(const StepSums& sums) noexcept;
std::array<double, prefill_curves> prefill_weights(const Request& request) noexcept;

// Step s of an answer that goes on after it.
double step_ms(const CurveValues& curves, const Request& request, int step) noexcept;
// Its last step.
double last_step_ms(const CurveValues& curves, const Request& request, int step) noexcept;
// All N-1 steps of an answer of N tokens, without a loop over them.
double decode_ms(const CurveValues& curves, const Request& request, int output_tokens) noexcept;
double prefill_ms(const CurveValues& curves, const Request& request) noexcept;

}  // namespace decodemeter
