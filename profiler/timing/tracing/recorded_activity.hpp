// What a tracing pass came to, in the form of a record. Pure.
#pragma once

#include <string>

#include "profiler/record/sample_record.hpp"
#include "profiler/timing/tracing/step_attribution.hpp"

namespace decodemeter {

// The steps had work on the device, none of it on the stream whose events time the spans: the spans
// are then the host's gaps between the events, not the device's time.
inline constexpr const char* other_stream_flag = "other_stream";

// Sets `cupti` and `clocks.busy_ms`. Where activity records were lost, or the pass took another
// number of steps than the record has, the record gets the flag "activity_lost" or
// "activity_steps"; in the second case busy_ms stays null. "events_misplaced": Note [Events and
// activity on one clock] in edge_events.hpp.
void add_activity(SampleRecord& record, const AttributedSteps& attributed);

// A pass that was asked for and did not run.
void refuse_activity(SampleRecord& record, const std::string& reason);

}  // namespace decodemeter
