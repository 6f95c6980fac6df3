// The times of one generate(), in the form of a record. Pure.
#pragma once

#include "profiler/record/sample_record.hpp"
#include "profiler/timing/generate_trace.hpp"

namespace decodemeter {

// Sets all T_ fields, decode_start_ms, decode_end_ms and `clocks`, on the headline clock: span if
// there is one, else host. A generate() with one token has a span clock too, without steps.
void add_times(SampleRecord& record, const GenerateTrace& trace);

// Sets TTFT_ms, TPOT_ms and ITL_ms from the clock whose edges are the moments at which the caller
// holds a token.
void add_token_times(SampleRecord& record, const ClockReading& reading);

}  // namespace decodemeter
