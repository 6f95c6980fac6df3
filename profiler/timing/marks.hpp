// Where the marks of one generate() lie, and what times they come to. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "profiler/record/generate_trace.hpp"
#include "profiler/timing/stage_observer.hpp"

namespace decodemeter {

// Slots of one generate(): begin and end of each stage, then the step edges; edge 0 is the start of
// step 1, edge s the end of step s.
namespace slot {
constexpr std::size_t begin_of(Stage stage) noexcept { return 2 * static_cast<std::size_t>(stage); }
constexpr std::size_t end_of(Stage stage) noexcept { return begin_of(stage) + 1; }
constexpr std::size_t edge(int step) noexcept {
    return 2 * stage_count + static_cast<std::size_t>(step);
}
constexpr std::size_t count(int max_steps) noexcept { return edge(max_steps) + 1; }
}  // namespace slot

// Times between marks on one clock. An absent stage has duration 0.
struct ClockReading {
    StageTimings stages;
    Milliseconds decode_start{};  // from the beginning of generate to edge 0
    Milliseconds total{};
    std::vector<Milliseconds> steps;
};

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

// Joins the clocks into the steps and stages of a trace; the stages are taken from `span` where it
// is there. Throws std::logic_error when the clocks disagree about the number of steps.
GenerateTrace make_trace(const ClockReading& host, const std::optional<ClockReading>& span);

}  // namespace decodemeter
