// Where the marks of one generate() lie, and the times between them. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "profiler/stage/stage_observer.hpp"
#include "profiler/timing/generate_trace.hpp"

namespace decodemeter {

// Slots of one generate(): begin and end of each stage, then the step edges.
namespace slot {
constexpr std::size_t begin_of(Stage stage) noexcept { return 2 * static_cast<std::size_t>(stage); }
constexpr std::size_t end_of(Stage stage) noexcept { return begin_of(stage) + 1; }
constexpr std::size_t edge(int step) noexcept {
    return 2 * stage_count + static_cast<std::size_t>(step);
}
constexpr std::size_t count(int max_steps) noexcept { return edge(max_steps) + 1; }
}  // namespace slot

// Host marks of one generate(); `time[slot]` is set where `marked[slot]`.
struct HostMarks {
    explicit HostMarks(int max_steps)
        : time(slot::count(max_steps)), marked(slot::count(max_steps), 0) {}

    std::vector<Nanoseconds> time;
    std::vector<unsigned char> marked;
    int steps = 0;          // edges after edge 0
    bool overflow = false;  // more steps than there was room for
};

ClockReading read_marks(const HostMarks& marks);

}  // namespace decodemeter
