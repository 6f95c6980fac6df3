// What a record or a header says of the process that wrote it.
#pragma once

#include <string>

#include "profiler/record/run_header.hpp"

namespace decodemeter {

// ISO 8601 with milliseconds, UTC.
std::string utc_now();

// A start of this process on a results directory, now, by its own command line.
RunStart this_start();

// This machine's processor, as a device of type "cpu".
DeviceInfo this_processor();

}  // namespace decodemeter
