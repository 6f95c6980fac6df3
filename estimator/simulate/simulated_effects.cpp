#include "estimator/simulate/simulated_effects.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

constexpr std::array<std::string_view, 7> rule_names = {
    "task", "equal", "uniform", "log_uniform", "configuration", "dataset", "time"};

// 1 at place 0, falling linearly to 0 at `length`.
double falling(double place, double length) noexcept {
    return length > 0 ? std::max(0.0, 1 - place / length) : 0;
}

}  // namespace

std::string_view to_string(LengthRule rule) noexcept {
    return rule_names[static_cast<std::size_t>(rule)];
}

LengthRule parse_length_rule(std::string_view name) {
    std::string known;
    for (std::size_t i = 0; i < rule_names.size(); ++i) {
        if (rule_names[i] == name) return static_cast<LengthRule>(i);
        known += (known.empty() ? "" : ", ") + std::string(rule_names[i]);
    }
    throw InputError("unknown rule \"" + std::string(name) + "\"; known are " + known);
}

double position_factor(const SimulatedEffects& e, int prompt_tokens, int step,
                       int last_step) noexcept {
    const int context = prompt_tokens + step;
    const int pages = context / e.page_tokens - prompt_tokens / e.page_tokens;
    double factor = 1 + (e.first_step_factor - 1) * falling(step - 1, e.transient_steps);
    factor *= 1 + e.context_percent_per_1000_tokens / 100 * context / 1000;
    factor *= std::pow(1 + e.page_jump_percent / 100, pages);
    factor *=
        1 + e.period_percent / 100 * std::sin(2 * std::numbers::pi * (step - 1) / e.period_steps);
    return step == last_step ? factor * e.last_step_factor : factor;
}

double run_factor(const SimulatedEffects& e, std::int64_t index, std::int64_t requests) noexcept {
    const double place =
        requests > 1 ? static_cast<double>(index) / static_cast<double>(requests - 1) : 0;
    const double warm_up =
        falling(static_cast<double>(index), static_cast<double>(e.warm_up_requests));
    const double shift = place >= e.shift_at ? e.shift_percent / 100 : 0;
    return (1 + e.drift_percent / 100 * place) * (1 + shift) *
           (1 + e.warm_up_percent / 100 * warm_up);
}

bool has_log_law(const SimulatedEffects& effects) noexcept {
    return effects.log_law_offset_ms != 0 || effects.log_law_factor_ms != 0;
}

}  // namespace decodemeter
