// Times of the steps as shares of their request's settled median, to be drawn.
#pragma once

#include <span>
#include <vector>

#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/audit/position_effects/step_panel.hpp"

namespace decodemeter {

// Of all requests. A point needs 5 requests; at most 64 points, evenly over the steps from step 9
// on. Nothing but the request's own median is taken out, so that a slope shows.
PositionCurve pooled_curve(const StepPanel& panel, const PositionModel& model);

// Of at most 5 configurations, from the cheapest to the most expensive.
std::vector<PositionCurve> curves_by_config(const StepPanel& panel, const PositionModel& model,
                                            std::span<const SampleRecord> records);

}  // namespace decodemeter
