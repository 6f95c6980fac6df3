// The CUDA events that were recorded at the steps' edges, on the clock of the activity records.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "profiler/timing/tracing/intervals.hpp"
#include "profiler/timing/tracing/step_activity.hpp"

namespace decodemeter {

// An event with the call that recorded it.
struct RecordedEvent {
    Interval called;           // host time
    Nanoseconds time;          // when the device reached it
    std::uint64_t stream = 0;  // as in PlacedActivity
};

// From the start of the first to the end of the last activity of one step on one stream; step 0 is
// all before decoding.
struct StreamExtent {
    std::size_t step = 0;
    std::uint64_t stream = 0;
    Interval time;
};

// Note [Events and activity on one clock]
// A timeline records an event at each edge, next to the mark that the attribution goes by. On its
// stream the device reaches that event after all work of the step and before any of the next one.
// So the event of edge s must stamp no earlier than the end of step s's last activity and no later
// than the start of step s+1's first: what does not is misplaced, and means that the spans of
// events and the attribution by calls speak of different work.
//
// An edge's event is the one whose call is nearest to the edge in host time. None where an edge has
// no event of its own.
std::optional<EdgeEvents> place_events(std::span<const RecordedEvent> events,
                                       std::span<const Nanoseconds> edges,
                                       std::span<const StreamExtent> extents);

}  // namespace decodemeter
