// The instrument's observer: marks into arrays made before the run, read back after it.
#pragma once

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

    void begin(Stage stage, int) noexcept override {
        mark(stage == Stage::decode_step ? slot::edge(0) : slot::begin_of(stage), stage);
    }

    void end(Stage stage, int step) noexcept override {
        if (stage != Stage::decode_step) return mark(slot::end_of(stage), stage);
        if (step > max_steps_) {
            marks_.overflow = true;
            return;
        }
        mark(slot::edge(step), stage);
        marks_.steps = step;
    }

    // Call before each generate().
    void reset() noexcept {
        for (unsigned char& marked : marks_.marked) marked = 0;
        marks_.steps = 0;
        marks_.overflow = false;
        if (events_) events_->reset();
    }

    // Call after generate(): synchronises once where there are events. Tokens and counts are the
    // caller's to add.
    GenerateTrace resolve() {
        std::optional<ClockReading> span;
        if (events_) span = events_->read(marks_.steps);
        return make_trace(read_marks(marks_), span);
    }

    const HostMarks& marks() const noexcept { return marks_; }

private:
    void mark(std::size_t slot, Stage stage) noexcept {
        marks_.time[slot] = clock_.now();
        marks_.marked[slot] = 1;
        // Preprocessing runs on the host alone; an event there would only measure an idle stream.
        if (events_ && stage != Stage::preprocess) events_->record(slot);
    }

    int max_steps_;
    HostMarks marks_;
    std::optional<CudaEvents> events_;
    [[no_unique_address]] Clock clock_;
};

}  // namespace decodemeter
