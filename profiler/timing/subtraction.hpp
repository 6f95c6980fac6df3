// How people time decoding today: by subtraction of separate runs. Pure.
#pragma once

#include <algorithm>

#include "profiler/record/sample_record.hpp"
#include "profiler/record/units.hpp"

namespace decodemeter {

// From three runs of their own: vision alone; vision and prefill; everything. Prefill is the second
// less the first, and decoding what is left of the third, kept with its sign and as published:
// clamped at 0.
inline SubtractionTimes subtract(Milliseconds vision, Milliseconds vision_and_prefill,
                                 Milliseconds total) {
    SubtractionTimes times;
    times.T_vision_total = vision.count();
    times.T_LLM_prefill = (vision_and_prefill - vision).count();
    times.T_total = total.count();
    times.T_LLM_decode_signed = times.T_total - times.T_vision_total - times.T_LLM_prefill;
    times.T_LLM_decode = std::max(0.0, times.T_LLM_decode_signed);
    return times;
}

}  // namespace decodemeter
