// What a tracing pass measured of each decode step, and what it lost.
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/record/units.hpp"

namespace decodemeter {

// Idle time of a step's span, by what the device was waiting for.
struct IdleSplit {
    Milliseconds launch{};       // the host had not yet launched the next kernel
    Milliseconds synchronize{};  // the host was blocked in a synchronizing call
    Milliseconds gap{};          // a launched kernel had not started yet
};

// What CUPTI attributed to one decode step. busy + idle = span where no other step's work runs into
// it.
struct StepActivity {
    Milliseconds span{};  // on the clock of the activity records: from the end of the step before
                          // to this one's
    Milliseconds busy{};  // measure of the union of kernel, memcpy and memset intervals
    IdleSplit idle{};
    Milliseconds overhead{};  // what CUPTI says it took itself
    std::int64_t kernels = 0;
    std::int64_t api_calls = 0;
    std::int64_t synchronizations = 0;
    std::int64_t memcpy_bytes = 0;
};

// The CUDA events at the edges of the steps, on the clock of the activity records.
struct EdgeEvents {
    std::vector<Milliseconds> span;  // of each step, from event to event
    std::vector<Milliseconds>
        lag;  // from the end of the step's last activity on the stream to its event
    // Edges before which work of their step ran on the event's own stream. `misplaced` says nothing
    // of the others.
    std::int64_t matched = 0;
    std::int64_t misplaced =
        0;  // events that stamped before that end, or after the next step's work began
};

// Activity records that CUPTI lost or that could not be placed. All zero, or the record is flagged.
struct ActivityLosses {
    std::int64_t dropped = 0;          // CUPTI had no buffer for them
    std::int64_t zero_timestamps = 0;  // CUPTI could not take their times
    std::int64_t unmatched =
        0;  // without their API call, of an earlier sample, or too late for their step
    std::int64_t overlapping = 0;  // began before the record before them on their stream had ended
    std::int64_t link_disagreements =
        0;  // host time and external correlation id name different steps

    bool none() const noexcept {
        return dropped == 0 && zero_timestamps == 0 && unmatched == 0 && overlapping == 0 &&
               link_disagreements == 0;
    }
};

}  // namespace decodemeter
