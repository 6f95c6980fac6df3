// What the steps of direct records show: Note [Position model], Note [Claims].
#pragma once

#include <span>

#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// Effects of the records that hold each step; `requests` is 0 where none does. Fewer than 5
// requests of 9 steps or more leave the effects of position untested.
PositionEffects find_position_effects(std::span<const SampleRecord> records);

}  // namespace decodemeter
