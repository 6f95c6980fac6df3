// The work of one step, and what it sums up to. Pure; used by step_attribution.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "profiler/timing/tracing/intervals.hpp"
#include "profiler/timing/tracing/step_activity.hpp"

namespace decodemeter {

struct PlacedActivity {
    Interval time;
    Nanoseconds launched{};    // when its call returned
    std::uint64_t stream = 0;  // device, context and stream in one number
    bool graph = false;        // branches of a graph may run side by side under one stream's number
};

struct StepWork {
    std::vector<PlacedActivity> device;
    std::int64_t kernels = 0;
    std::int64_t api_calls = 0;
    std::int64_t synchronizations = 0;
    std::int64_t memcpy_bytes = 0;
};

// Disjoint and in order.
struct HostIntervals {
    std::span<const Interval> synchronizations;
    std::span<const Interval> overheads;
};

// `device_window` is the step's span on the device, `host_window` lies between the step's edges.
// Sorts `work.device` by time.
StepActivity summarize(StepWork& work, const Interval& device_window, const Interval& host_window,
                       const HostIntervals& host);

// Counts activities that begin before the one before them on their stream has ended, over all steps
// in order.
class StreamOrder {
public:
    // `device` is sorted by time.
    std::int64_t count_overlapping(std::span<const PlacedActivity> device);

private:
    std::vector<std::pair<std::uint64_t, Nanoseconds>> ends_;
};

}  // namespace decodemeter
