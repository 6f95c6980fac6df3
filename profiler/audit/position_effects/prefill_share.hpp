// Is a part of prefill counted into step 1?
#pragma once

#include <optional>

#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/audit/position_effects/step_panel.hpp"

namespace decodemeter {

// Regresses step 1's excess in milliseconds on the request's own T_LLM_prefill within its cell, the
// settled level held fixed. Claimed from 5 % of prefill on: only an excess that grows with its
// request's prefill can be prefill; a constant one is a transient.
std::optional<PositionEffect> find_prefill_in_step_1(const StepPanel& panel,
                                                     const PositionModel& model);

}  // namespace decodemeter
