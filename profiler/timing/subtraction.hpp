// The decode time as people without step marks take it: by subtracting separate runs. Pure.
#pragma once

#include "profiler/record/sample_record.hpp"
#include "profiler/record/units.hpp"

namespace decodemeter {

// Three runs of one sample: vision alone, vision and prefill, all of generate(). Each difference adds the errors of
// the runs that it is made of, so a decode time of few steps can come out below 0; people clamp it there.
SubtractionTimes subtract(Milliseconds vision, Milliseconds vision_and_prefill, Milliseconds total) noexcept;

}  // namespace decodemeter
