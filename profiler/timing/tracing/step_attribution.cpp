#include "profiler/timing/tracing/step_attribution.hpp"

#include <algorithm>
#include <deque>
#include <optional>

#include "profiler/timing/tracing/edge_events.hpp"
#include "profiler/timing/tracing/launch_table.hpp"
#include "profiler/timing/tracing/step_work.hpp"

namespace decodemeter {

namespace {

template <class Placed>
std::uint64_t stream_key(const Placed& on) {
    return std::uint64_t{on.device} << 56 ^ std::uint64_t{on.context} << 32 ^ on.stream;
}

bool timed(const DeviceActivity& activity) {
    return activity.time.start > Nanoseconds{} && activity.time.end >= activity.time.start;
}

}  // namespace

struct StepAttribution::State {
    AttributionOptions options;
    std::vector<Nanoseconds> edges;
    LaunchTable launches;
    std::deque<StepWork> open;  // of step first_open, first_open + 1, ...
    std::size_t first_open = 1;
    std::vector<DeviceActivity> waiting;  // for their call
    std::vector<EventStamp> waiting_events;
    std::vector<RecordedEvent> events;
    std::vector<StreamExtent> extents;  // those of one step lie together
    std::vector<Interval> synchronizations;
    std::vector<Interval> overheads;
    Nanoseconds before_decoding = Nanoseconds::min();  // end of the last activity of step 0
    Nanoseconds device_edge = Nanoseconds::min();      // end of the last closed step on the device
    StreamOrder streams;
    AttributedSteps result;

    // 0 before decoding; the number of edges after the last one.
    std::size_t step_at(Nanoseconds time) const {
        return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), time) -
                                        edges.begin());
    }

    StepWork* work_of(std::size_t step) {
        if (step < first_open) return nullptr;
        while (open.size() <= step - first_open) open.emplace_back();
        return &open[step - first_open];
    }

    void check_links(const Launch& launch) {
        if (launch.called() && launch.external_step >= 0 && launch.step != launch.external_step)
            ++result.losses.link_disagreements;
    }

    void add_call(const ApiCall& call) {
        Launch& launch = launches[call.correlation];
        const auto step = static_cast<std::int32_t>(step_at(call.time.start));
        if (call.synchronizes) synchronizations.push_back(call.time);
        if (launch.called()) {  // a driver call inside a runtime call has the same correlation
            launch.time = {std::min(launch.time.start, call.time.start),
                           std::max(launch.time.end, call.time.end)};
            launch.step = std::min(launch.step, step);
            return;
        }
        launch.time = call.time;
        launch.step = step;
        check_links(launch);
        if (step == 0) return;
        StepWork* const work = work_of(static_cast<std::size_t>(step));
        if (!work) {
            ++result.losses.unmatched;
            return;
        }
        ++work->api_calls;
        work->synchronizations += call.synchronizes;
    }

    void place(const DeviceActivity& activity, std::size_t step, Nanoseconds launched) {
        const bool has_times = timed(activity);
        if (!has_times) ++result.losses.zero_timestamps;
        if (step == 0) {
            if (!has_times) return;
            before_decoding = std::max(before_decoding, activity.time.end);
            widen_extent(0, stream_key(activity), activity.time);
            return;
        }
        StepWork* const work = work_of(step);
        if (!work) {
            ++result.losses.unmatched;
            return;
        }
        work->kernels += activity.work == DeviceWork::kernel;
        if (activity.work == DeviceWork::memcpy) work->memcpy_bytes += activity.bytes;
        if (has_times)
            work->device.push_back(
                {activity.time, launched, stream_key(activity), activity.graph != 0});
    }

    // False where the call has not been seen.
    bool place_by_call(const DeviceActivity& activity) {
        const Launch* const launch = launches.find(activity.correlation);
        if (!launch || !launch->called()) return false;
        place(activity, static_cast<std::size_t>(launch->step), launch->time.end);
        return true;
    }

    bool place_by_call(const EventStamp& event) {
        const Launch* const launch = launches.find(event.correlation);
        if (!launch || !launch->called()) return false;
        events.push_back({launch->time, event.time, stream_key(event)});
        return true;
    }

    void place_waiting() {
        std::erase_if(waiting,
                      [&](const DeviceActivity& activity) { return place_by_call(activity); });
        std::erase_if(waiting_events,
                      [&](const EventStamp& event) { return place_by_call(event); });
    }

    void widen_extent(std::size_t step, std::uint64_t stream, const Interval& time) {
        for (auto extent = extents.rbegin(); extent != extents.rend() && extent->step == step;
             ++extent) {
            if (extent->stream != stream) continue;
            extent->time = {std::min(extent->time.start, time.start),
                            std::max(extent->time.end, time.end)};
            return;
        }
        extents.push_back({step, stream, time});
    }

    // Without its call an activity is a loss; the external id still says whose work it was.
    void place_without_call() {
        for (const DeviceActivity& activity : waiting) {
            ++result.losses.unmatched;
            const Launch* const launch = launches.find(activity.correlation);
            if (launch && launch->external_step >= 0)
                place(activity, static_cast<std::size_t>(launch->external_step),
                      Nanoseconds::min());
        }
        waiting.clear();
    }

    void close_until(std::size_t last_step) {
        if (first_open > last_step) return;
        synchronizations = merged(std::move(synchronizations));
        overheads = merged(std::move(overheads));
        for (; first_open <= last_step; ++first_open) close_first();
        const auto over = [&](const Interval& interval) {
            return interval.end < std::min(device_edge, edges[last_step]);
        };
        std::erase_if(synchronizations, over);
        std::erase_if(overheads, over);
        launches.forget_before(static_cast<std::int32_t>(first_open));
    }

    void close_first() {
        StepWork work;
        if (!open.empty()) {
            work = std::move(open.front());
            open.pop_front();
        }
        if (first_open == 1) device_edge = std::max(edges[0], before_decoding);
        Nanoseconds end = std::max(device_edge, edges[first_open]);
        for (const PlacedActivity& placed : work.device) {
            end = std::max(end, placed.time.end);
            widen_extent(first_open, placed.stream, placed.time);
        }
        result.steps.push_back(summarize(work, {device_edge, end},
                                         {edges[first_open - 1], edges[first_open]},
                                         {synchronizations, overheads}));
        result.losses.overlapping += streams.count_overlapping(work.device);
        device_edge = end;
    }
};

StepAttribution::StepAttribution(const AttributionOptions& options)
    : state_(std::make_unique<State>()) {
    state_->options = options;
}
StepAttribution::StepAttribution(StepAttribution&&) noexcept = default;
StepAttribution& StepAttribution::operator=(StepAttribution&&) noexcept = default;
StepAttribution::~StepAttribution() = default;

void StepAttribution::know_edges(std::span<const Nanoseconds> edges) {
    state_->edges.assign(edges.begin(), edges.end());
}

void StepAttribution::add(const ApiCall& call) { state_->add_call(call); }

void StepAttribution::add(const DeviceActivity& activity) {
    if (!state_->place_by_call(activity)) state_->waiting.push_back(activity);
}

void StepAttribution::add(const ExternalLink& link) {
    const std::uint64_t step = link.id - state_->options.external_base;
    if (link.id < state_->options.external_base || step > state_->edges.size())
        return;  // pushed by someone else
    Launch& launch = state_->launches[link.correlation];
    launch.external_step = static_cast<std::int32_t>(step);
    state_->check_links(launch);
}

void StepAttribution::add(const EventStamp& event) {
    if (!state_->place_by_call(event)) state_->waiting_events.push_back(event);
}

void StepAttribution::add_synchronization(const Interval& time) {
    state_->synchronizations.push_back(time);
}
void StepAttribution::add_overhead(const Interval& time) { state_->overheads.push_back(time); }
void StepAttribution::add_dropped(std::int64_t records) {
    state_->result.losses.dropped += records;
}

void StepAttribution::settle() {
    state_->place_waiting();
    const std::size_t finished = state_->edges.empty() ? 0 : state_->edges.size() - 1;
    if (finished > state_->options.open_steps)
        state_->close_until(finished - state_->options.open_steps);
}

AttributedSteps StepAttribution::finish() {
    state_->place_waiting();
    state_->place_without_call();
    if (!state_->edges.empty()) state_->close_until(state_->edges.size() - 1);
    state_->result.events = place_events(state_->events, state_->edges, state_->extents);
    return std::move(state_->result);
}

AttributedSteps attribute_activity(const ActivityRecords& records,
                                   std::span<const Nanoseconds> edges,
                                   const AttributionOptions& options) {
    StepAttribution attribution(options);
    attribution.know_edges(edges);
    for (const ExternalLink& link : records.links) attribution.add(link);
    for (const ApiCall& call : records.calls) attribution.add(call);
    for (const DeviceActivity& activity : records.device) attribution.add(activity);
    for (const EventStamp& event : records.events) attribution.add(event);
    for (const Interval& time : records.synchronizations) attribution.add_synchronization(time);
    for (const Interval& time : records.overheads) attribution.add_overhead(time);
    attribution.add_dropped(records.dropped);
    return attribution.finish();
}

}  // namespace decodemeter
