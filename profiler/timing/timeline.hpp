// The instrument's observer: marks into arrays made before the run, read back after it.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "profiler/timing/cuda_events.hpp"
#include "profiler/timing/host_clock.hpp"
#include "profiler/timing/marks.hpp"

namespace decodemeter {

template <class Clock = HostClock>
class Timeline final : public StageObserver {
public:
    // `events` adds the span clock. A generate() may take at most `max_steps` decode steps.
    explicit Timeline(int max_steps, std::optional<CudaEvents> events = std::nullopt,
                      Clock clock = {})
        : max_steps_(max_steps), marks_(max_steps), events_(std::move(events)), clock_(clock) {}

    void begin(Stage stage) noexcept override {
        if (stage == Stage::decode_step) return;  // begins at the edge before it
        if (marks_.marked[slot::begin_of(stage)]) return;
        mark(slot::begin_of(stage));
        if (stage != Stage::preprocess) record(slot::begin_of(stage));
    }

    // Preprocessing runs on the host alone; an event there would only measure an idle stream.
    void end(Stage stage) noexcept override {
        if (stage == Stage::decode_step) return record_edge(marks_.steps + 1);
        mark(slot::end_of(stage));
        if (stage == Stage::prefill) record_edge(0);
        else if (stage != Stage::preprocess) record(slot::end_of(stage));
    }

    void step_edge(int step) noexcept override {
        if (step > max_steps_) {
            marks_.overflow = true;
            return;
        }
        mark(slot::edge(step));
        marks_.steps = step;
        // No pass was seen before this edge: decoding begins with it.
        if (events_ && !events_->recorded(slot::edge(step))) record_edge(step);
    }

    // Call before each generate().
    void reset() noexcept {
        std::fill(marks_.marked.begin(), marks_.marked.end(), static_cast<unsigned char>(0));
        marks_.steps = 0;
        marks_.overflow = false;
        if (events_) events_->reset();
    }

    // Call after generate(): synchronizes once where there are events.
    GenerateTrace resolve() {
        GenerateTrace trace{read_marks(marks_), std::nullopt};
        if (events_) trace.span = events_->read(marks_.steps);
        return trace;
    }

    const HostMarks& marks() const noexcept { return marks_; }

private:
    void mark(std::size_t slot) noexcept {
        marks_.time[slot] = clock_.now();
        marks_.marked[slot] = 1;
    }
    void record(std::size_t slot) noexcept {
        if (events_) events_->record(slot);
    }
    void record_edge(int step) noexcept {
        if (step <= max_steps_) record(slot::edge(step));
    }

    int max_steps_;
    HostMarks marks_;
    std::optional<CudaEvents> events_;
    [[no_unique_address]] Clock clock_;
};

}  // namespace decodemeter
