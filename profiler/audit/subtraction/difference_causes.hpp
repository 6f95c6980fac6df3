// Note [Causes]
// With every part measured twice, alone (') and inside one generate(),
//     subtraction - direct = (T_total' - T_total) - (T_vision' - T_vision) - (T_prefill' -
//     T_prefill) + rest + clamping
// where rest = T_total - T_vision - T_prefill - T_decode is the time inside generate() that belongs
// to no stage, which subtraction counts as decoding. The terms are exact for each record, and so
// are their means.
#pragma once

#include <span>
#include <vector>

#include "profiler/audit/subtraction/subtraction_audit.hpp"

namespace decodemeter {

std::vector<DifferenceCause> difference_causes(std::span<const SampleRecord> records,
                                               std::span<const DecodeTimes> times);

}  // namespace decodemeter
