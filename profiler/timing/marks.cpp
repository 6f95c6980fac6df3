#include "profiler/timing/marks.hpp"

namespace decodemeter {

ClockReading read_marks(const HostMarks& marks) {
    const auto between = [&](std::size_t from, std::size_t to) {
        return marks.marked[from] && marks.marked[to]
                   ? Milliseconds(marks.time[to] - marks.time[from])
                   : Milliseconds{};
    };
    const auto duration = [&](Stage stage) {
        return between(slot::begin_of(stage), slot::end_of(stage));
    };
    ClockReading reading;
    reading.stages = {duration(Stage::preprocess), duration(Stage::vision_encoder),
                      duration(Stage::projector), duration(Stage::prefill)};
    reading.first_token = between(slot::begin_of(Stage::generate), slot::edge(0));
    reading.total = duration(Stage::generate);
    for (int step = 1; step <= marks.steps; ++step)
        reading.steps.push_back(between(slot::edge(step - 1), slot::edge(step)));
    return reading;
}

}  // namespace decodemeter
