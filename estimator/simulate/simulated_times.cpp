#include <algorithm>
#include <cmath>

#include "estimator/simulate/simulate.hpp"

namespace decodemeter {

namespace {

double power_top_k(const SimulationParameters& parameters, int top_k) {
    return std::pow(static_cast<double>(top_k), parameters.top_k_exponent);
}

// Of a prefill, what is left beside the vision encoder.
double simulated_llm_prefill_ms(const SimulationParameters& p, const Request& request) noexcept {
    const double vision = p.physics.gamma[0] + p.physics.gamma[1] * request.num_crops;
    return std::max(0.0, simulated_prefill_ms(p, request) - vision);
}

}  // namespace

double simulated_step_ms(const SimulationParameters& p, const Request& request, int step,
                         int last_step) noexcept {
    StepBasis basis = step_range_basis(request, step, step);
    if (request.top_k > 0) basis[2] *= power_top_k(p, request.top_k) / request.top_k;
    double time = 0;
    for (std::size_t i = 0; i < step_terms; ++i) time += p.physics.beta[i] * basis[i];
    if (has_log_law(p.effects))
        time = p.effects.log_law_offset_ms + p.effects.log_law_factor_ms * std::log(step + 1.0);
    time *= 1 + p.slope_percent_per_token / 100 * (step - 1);
    time *= position_factor(p.effects, request.prompt_tokens(), step, last_step);
    if (step == 1 && p.effects.prefill_share_in_step_1 > 0)
        time += p.effects.prefill_share_in_step_1 * simulated_llm_prefill_ms(p, request);
    return time;
}

double simulated_decode_ms(const SimulationParameters& p, const Request& request,
                           int output_tokens) noexcept {
    double time = 0;
    for (int s = 1; s < output_tokens; ++s)
        time += simulated_step_ms(p, request, s, output_tokens - 1);
    return time;
}

double simulated_prefill_ms(const SimulationParameters& p, const Request& request) noexcept {
    PrefillBasis basis = prefill_basis(request);
    if (request.top_k > 0) basis[4] *= power_top_k(p, request.top_k) / request.top_k;
    double time = 0;
    for (std::size_t i = 0; i < prefill_terms; ++i) time += p.physics.gamma[i] * basis[i];
    return time;
}

}  // namespace decodemeter
