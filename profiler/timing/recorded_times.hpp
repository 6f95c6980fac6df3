// The times of one generate(), in the form of a record. Pure.
#pragma once

#include "profiler/record/generate_trace.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// Sets all T_ fields, decode_start_ms, decode_end_ms and `clocks`, on the clock of the headline:
// span if there is one, else host.
void add_times(SampleRecord& record, const GenerateTrace& trace);

}  // namespace decodemeter
