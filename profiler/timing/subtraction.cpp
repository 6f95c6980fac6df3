#include "profiler/timing/subtraction.hpp"

#include <algorithm>

namespace decodemeter {

SubtractionTimes subtract(Milliseconds vision, Milliseconds vision_and_prefill, Milliseconds total) noexcept {
    SubtractionTimes times;
    times.T_vision_total = vision.count();
    times.T_LLM_prefill = (vision_and_prefill - vision).count();
    times.T_total = total.count();
    times.T_LLM_decode_signed = times.T_total - times.T_vision_total - times.T_LLM_prefill;
    times.T_LLM_decode = std::max(0.0, times.T_LLM_decode_signed);
    return times;
}

}  // namespace decodemeter
