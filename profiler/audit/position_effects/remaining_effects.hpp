// Effects of position beside the transient and the slope: page jumps, the last step, any other
// pattern, stray steps, and two speeds of steps.
#pragma once

#include <optional>

#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/audit/position_effects/settling.hpp"
#include "profiler/audit/position_effects/step_panel.hpp"

namespace decodemeter {

// Looks for a jump of the cost at each filled page of 16, 32, ... 1024 tokens of context, the slope
// fitted beside it; the largest of the seven has to pass a seventh of the usual p-value. Where one
// is found, it enters `settling.model` and the slope becomes the one beside it.
std::optional<PositionEffect> find_jump(const StepPanel& panel, Settling& settling);

// The last step against the settled ones. Where it differs, it enters `model`.
std::optional<PositionEffect> find_last_step(const StepPanel& panel, PositionModel& model);

// A chi-square of the mean residuals of the positions, and their root mean square beyond noise.
// Where there is a pattern, it enters `model`.
std::optional<PositionEffect> find_pattern(const StepPanel& panel, PositionModel& model);

// Settled steps over 1.5 times their request's level and 6 robust standard deviations above it.
std::optional<PositionEffect> find_stray_steps(const StepPanel& panel, const PositionModel& model);

// Whether single settled steps fall into two groups.
std::optional<PositionEffect> find_two_step_speeds(const StepPanel& panel,
                                                   const PositionModel& model);

}  // namespace decodemeter
