#include "profiler/audit/position_effects/position_effects.hpp"

#include <fmt/format.h>

#include <utility>

#include "profiler/audit/position_effects/position_curve.hpp"
#include "profiler/audit/position_effects/prefill_share.hpp"
#include "profiler/audit/position_effects/remaining_effects.hpp"
#include "profiler/audit/position_effects/request_levels.hpp"
#include "profiler/audit/position_effects/settling.hpp"
#include "profiler/audit/position_effects/step_panel.hpp"
#include "profiler/record/record_faults.hpp"

namespace decodemeter {

namespace {

constexpr int long_steps = 9;
constexpr std::size_t least_long = 5;

StepPanel long_requests(const StepPanel& panel) {
    StepPanel longer;
    longer.cells = panel.cells;
    for (const StepSeries& request : panel.requests) {
        if (request.steps() >= long_steps) longer.requests.push_back(request);
    }
    return longer;
}

void add(PositionEffects& found, std::optional<PositionEffect> effect) {
    if (effect) found.effects.push_back(*std::move(effect));
}

SlopeEstimate slope_of(const Settling& settling) {
    return {100 * settling.slope.value[0], 100 * settling.slope.error[0], settling.first_step,
            settling.last_step};
}

// Fits the position model, each effect on what those before it leave.
PositionModel find_in_steps(const StepPanel& panel, PositionEffects& found) {
    Settling settling = find_settling(panel);
    add(found, transient_effect(panel, settling));
    std::optional<PositionEffect> jump = find_jump(panel, settling);
    add(found, slope_effect(settling));
    add(found, std::move(jump));
    found.slope = slope_of(settling);
    found.settled_from = settling.settled_from;
    PositionModel& model = settling.model;
    add(found, find_pattern(panel, model));
    add(found, find_last_step(panel, model));
    add(found, find_stray_steps(panel, model));
    add(found, find_two_step_speeds(panel, model));
    add(found, find_prefill_in_step_1(panel, model));
    return model;
}

std::optional<PositionEffect> find_edge_faults(std::span<const SampleRecord> records) {
    std::size_t broken = 0;
    std::size_t with_steps = 0;
    for (const SampleRecord& record : records) {
        if (record.T_decode_per_step.empty()) continue;
        ++with_steps;
        broken += has_broken_edges(record);
    }
    if (broken == 0) return std::nullopt;
    PositionEffect effect;
    effect.kind = PositionEffectKind::edges;
    effect.estimate = static_cast<double>(broken);
    effect.interval = {effect.estimate, effect.estimate};
    effect.unit = "records";
    effect.sentence = fmt::format(
        "In {} of {} records the steps, the totals and the stage times contradict each other.",
        broken, with_steps);
    return effect;
}

}  // namespace

PositionEffects find_position_effects(std::span<const SampleRecord> records) {
    PositionEffects found;
    const StepPanel panel = step_panel(records);
    const StepPanel longer = long_requests(panel);
    found.requests = panel.requests.size();
    found.long_requests = longer.requests.size();
    add(found, find_edge_faults(records));
    if (found.requests == 0) return found;
    PositionModel model;
    if (found.long_requests >= least_long) {
        model = find_in_steps(longer, found);
        found.pooled = pooled_curve(longer, model);
        found.by_config = curves_by_config(longer, model, records);
    } else {
        found.untested =
            fmt::format("effects of position need {} requests of {} steps or more: {} are there",
                        least_long, long_steps, found.long_requests);
    }
    LevelEffects levels = find_level_effects(request_levels(panel, model), panel.timed);
    found.levels_untested = std::move(levels.untested);
    found.drift_untested = std::move(levels.drift_untested);
    for (PositionEffect& effect : levels.effects) found.effects.push_back(std::move(effect));
    return found;
}

}  // namespace decodemeter
