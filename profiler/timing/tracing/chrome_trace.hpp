// One generate() as a trace in the Trace Event Format, which Perfetto (ui.perfetto.dev) and
// chrome://tracing open. Pure.
#pragma once

#include <string>

#include "profiler/timing/marks.hpp"
#include "profiler/timing/tracing/activity.hpp"

namespace decodemeter {

// Times in microseconds after the first mark. The host's stages and steps are one process; with
// `activity`, its CUDA calls and NVTX ranges are in it too, the device's streams are a second
// process, and an arrow leads from each call to what it launched. `title` names the trace.
std::string chrome_trace(const HostMarks& marks, const ActivityRecords* activity,
                         const std::string& title);

}  // namespace decodemeter
