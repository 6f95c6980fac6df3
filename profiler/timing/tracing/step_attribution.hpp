// Which decode step caused which device activity, and what the device waited for in between. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "profiler/timing/tracing/activity.hpp"
#include "profiler/timing/tracing/step_activity.hpp"

namespace decodemeter {

// Note [Attribution]
// An activity belongs to the step in which the host made the call that launched it: call time ->
// correlation -> activity. GPU time never decides, because the device runs behind the host by any
// amount. The external id that was pushed when the call was made names the step a second time,
// independently; where they differ the call time counts and a disagreement is recorded.
//
// Edge 0 is the start of step 1, edge s the end of step s, in host time. On the device a step ends
// when its last activity ends, but not before the host has reached its edge: an event recorded in a
// stream stamps when the work before it is done, and at once where there is none. Those device
// edges cut time into the steps' spans.
//
// Where no activity runs within a span the device is idle, until the next activity of the step
// starts. As long as that one's call had not returned the device waited for a launch, or, for the
// part that the host was blocked in a synchronizing call, for that; from then on it is a gap.
struct AttributedSteps {
    std::vector<StepActivity> steps;  // of step 1, 2, ...
    ActivityLosses losses;
    std::optional<EdgeEvents>
        events;  // where each edge has one: Note [Events and activity on one clock]
};

struct AttributionOptions {
    std::uint64_t external_base =
        0;  // the id pushed before decoding; in step s it is external_base + s
    // Steps this far behind the latest one are summed up and forgotten; what comes for them later
    // is unmatched.
    std::size_t open_steps = std::numeric_limits<std::size_t>::max();
};

// Takes the records of one generate() in any order and keeps only what open steps need.
class StepAttribution {
public:
    explicit StepAttribution(const AttributionOptions& options = {});
    StepAttribution(StepAttribution&&) noexcept;
    StepAttribution& operator=(StepAttribution&&) noexcept;
    ~StepAttribution();

    // All edges so far, in order. Calls made after an edge may be added only when the edge is
    // known.
    void know_edges(std::span<const Nanoseconds> edges);

    void add(const ApiCall& call);
    void add(const DeviceActivity& activity);
    void add(const ExternalLink& link);
    void add(const EventStamp& event);
    void add_synchronization(const Interval& time);
    void add_overhead(const Interval& time);
    void add_dropped(std::int64_t records);

    // Places what waited for its call, and sums up steps that are far behind. Call it now and then.
    void settle();

    // Sums up what is left.
    AttributedSteps finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// The same for records that are all there.
AttributedSteps attribute_activity(const ActivityRecords& records,
                                   std::span<const Nanoseconds> edges,
                                   const AttributionOptions& options = {});

}  // namespace decodemeter
