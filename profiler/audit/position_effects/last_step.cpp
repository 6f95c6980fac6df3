#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "profiler/audit/position_effects/remaining_effects.hpp"

namespace decodemeter {

namespace {

// Where steps follow a pattern, a last step is judged only if the pattern at its position is known.
bool knows_pattern(const PositionModel& model, int step) {
    if (model.pattern.empty()) return true;
    const auto index = static_cast<std::size_t>(step - 1);
    return index < model.pattern.size() && model.pattern[index] != 0;
}

}  // namespace

std::optional<PositionEffect> find_last_step(const StepPanel& panel, PositionModel& model) {
    constexpr double least_effect = 0.01;
    std::vector<double> excess;
    int longest = 0;
    for (const StepSeries& request : panel.requests) {
        const double level = level_ms(request, model);
        if (!std::isfinite(level) || !knows_pattern(model, request.steps())) continue;
        excess.push_back(residual_of(request, model, level, request.steps()));
        longest = std::max(longest, request.steps());
    }
    if (excess.size() < 5) return std::nullopt;
    const RequestMedian last = median_over_requests(excess);
    if (!last.excludes_zero() || std::fabs(last.center) < least_effect) return std::nullopt;
    model.last = last.center;
    PositionEffect effect;
    effect.kind = PositionEffectKind::last_step;
    effect.estimate = 100 * last.center;
    effect.interval = {100 * last.lower, 100 * last.upper};
    effect.unit = "percent";
    effect.first_step = effect.last_step = longest;
    effect.sentence = fmt::format(
        "The last step takes {:.3g} % {} than the settled steps of its own request ({:.3g} to "
        "{:.3g} %).",
        100 * std::fabs(last.center), last.center > 0 ? "longer" : "less", effect.interval[0],
        effect.interval[1]);
    return effect;
}

}  // namespace decodemeter
