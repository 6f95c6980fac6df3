#include "profiler/timing/tracing/step_work.hpp"

#include <algorithm>

namespace decodemeter {

namespace {

void add_idle(IdleSplit& idle, const Interval& gap, Nanoseconds launched,
              std::span<const Interval> synchronizations) {
    if (gap.end <= gap.start) return;
    const Nanoseconds waited_until = std::clamp(launched, gap.start, gap.end);
    const Interval waiting{gap.start, waited_until};
    const Nanoseconds synchronizing = covered_length(synchronizations, waiting);
    idle.synchronize += synchronizing;
    idle.launch += waiting.length() - synchronizing;
    idle.gap += gap.end - waited_until;
}

}  // namespace

StepActivity summarize(StepWork& work, const Interval& device_window, const Interval& host_window,
                       const HostIntervals& host) {
    const auto earlier = [](const PlacedActivity& a, const PlacedActivity& b) {
        return a.time < b.time;
    };
    if (!std::is_sorted(work.device.begin(), work.device.end(), earlier))
        std::sort(work.device.begin(), work.device.end(), earlier);
    StepActivity activity;
    activity.span = device_window.length();
    activity.kernels = work.kernels;
    activity.api_calls = work.api_calls;
    activity.synchronizations = work.synchronizations;
    activity.memcpy_bytes = work.memcpy_bytes;
    activity.overhead = covered_length(host.overheads, host_window);
    Nanoseconds busy{};
    Nanoseconds busy_until = Nanoseconds::min();  // end of the union so far
    Nanoseconds idle_from = device_window.start;
    for (const PlacedActivity& placed : work.device) {
        busy += Interval{std::max(busy_until, placed.time.start), placed.time.end}.length();
        busy_until = std::max(busy_until, placed.time.end);
        const Nanoseconds idle_until = std::min(placed.time.start, device_window.end);
        add_idle(activity.idle, {idle_from, idle_until}, placed.launched, host.synchronizations);
        idle_from = std::max(idle_from, placed.time.end);
    }
    // The host has yet to reach the step's edge.
    add_idle(activity.idle, {idle_from, device_window.end}, device_window.end,
             host.synchronizations);
    activity.busy = busy;
    return activity;
}

std::int64_t StreamOrder::count_overlapping(std::span<const PlacedActivity> device) {
    std::int64_t overlapping = 0;
    for (const PlacedActivity& placed : device) {
        if (placed.graph) continue;
        auto end = std::find_if(ends_.begin(), ends_.end(),
                                [&](const auto& entry) { return entry.first == placed.stream; });
        if (end == ends_.end()) end = ends_.insert(end, {placed.stream, placed.time.end});
        else if (placed.time.start + timestamp_tolerance < end->second) ++overlapping;
        end->second = std::max(end->second, placed.time.end);
    }
    return overlapping;
}

}  // namespace decodemeter
