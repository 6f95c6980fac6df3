#include "profiler/timing/marks.hpp"

#include <stdexcept>

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
    reading.decode_start = between(slot::begin_of(Stage::generate), slot::edge(0));
    reading.total = duration(Stage::generate);
    for (int step = 1; step <= marks.steps; ++step)
        reading.steps.push_back(between(slot::edge(step - 1), slot::edge(step)));
    return reading;
}

GenerateTrace make_trace(const ClockReading& host, const std::optional<ClockReading>& span) {
    if (span && span->steps.size() != host.steps.size()) {
        throw std::logic_error(
            "the CUDA events and the host clock saw different numbers of decode steps");
    }
    const ClockReading& headline = span ? *span : host;
    GenerateTrace trace;
    trace.stages = headline.stages;
    trace.stages.preprocess = host.stages.preprocess;  // runs on the host
    trace.decode_start = headline.decode_start;
    trace.total = headline.total;
    for (std::size_t i = 0; i < host.steps.size(); ++i) {
        StepTiming& step = trace.decode.emplace_back();
        step.step = static_cast<int>(i) + 1;
        step.host = host.steps[i];
        if (span) step.span = span->steps[i];
    }
    return trace;
}

}  // namespace decodemeter
