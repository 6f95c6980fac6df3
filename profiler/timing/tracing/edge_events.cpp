#include "profiler/timing/tracing/edge_events.hpp"

#include <algorithm>

namespace decodemeter {

namespace {

Nanoseconds distance(const RecordedEvent& event, Nanoseconds edge) {
    return std::max({event.called.start - edge, edge - event.called.end, Nanoseconds{}});
}

// The nearest edge of each event; of the events that share one the nearest stays. Empty where an
// edge has none.
std::vector<RecordedEvent> at_edges(std::span<const RecordedEvent> events,
                                    std::span<const Nanoseconds> edges) {
    std::vector<const RecordedEvent*> nearest(edges.size(), nullptr);
    for (const RecordedEvent& event : events) {
        const auto after = std::lower_bound(edges.begin(), edges.end(), event.called.start);
        auto edge = static_cast<std::size_t>(after - edges.begin());
        if (edge == edges.size() ||
            (edge > 0 && distance(event, edges[edge - 1]) <= distance(event, edges[edge])))
            --edge;
        const RecordedEvent*& held = nearest[edge];
        if (!held || distance(event, edges[edge]) < distance(*held, edges[edge])) held = &event;
    }
    std::vector<RecordedEvent> found;
    for (const RecordedEvent* const event : nearest) {
        if (!event) return {};
        found.push_back(*event);
    }
    return found;
}

}  // namespace

std::optional<EdgeEvents> place_events(std::span<const RecordedEvent> events,
                                       std::span<const Nanoseconds> edges,
                                       std::span<const StreamExtent> extents) {
    if (edges.empty()) return std::nullopt;
    const std::vector<RecordedEvent> at = at_edges(events, edges);
    if (at.empty()) return std::nullopt;
    std::vector<Nanoseconds> work_end(edges.size(), Nanoseconds::min());
    std::vector<Nanoseconds> next_start(edges.size(), Nanoseconds::max());
    for (const StreamExtent& extent : extents) {
        const std::size_t s = extent.step;
        if (s < at.size() && extent.stream == at[s].stream)
            work_end[s] = std::max(work_end[s], extent.time.end);
        if (s > 0 && s <= at.size() && extent.stream == at[s - 1].stream)
            next_start[s - 1] = std::min(next_start[s - 1], extent.time.start);
    }
    EdgeEvents placed;
    for (std::size_t edge = 0; edge < at.size(); ++edge) {
        const Nanoseconds time = at[edge].time;
        const bool early = work_end[edge] > time && work_end[edge] - time > timestamp_tolerance;
        const bool late = time > next_start[edge] && time - next_start[edge] > timestamp_tolerance;
        const bool worked = work_end[edge] != Nanoseconds::min();
        placed.matched += worked;
        placed.misplaced += early || late;
        if (edge == 0) continue;
        placed.span.push_back(time - at[edge - 1].time);
        placed.lag.push_back(worked ? std::max(time - work_end[edge], Nanoseconds{})
                                    : Nanoseconds{});
    }
    return placed;
}

}  // namespace decodemeter
