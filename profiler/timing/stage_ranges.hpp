// Marks as nested ranges, for tools that draw them.
#pragma once

#include <utility>

#include "profiler/timing/stage_observer.hpp"

namespace decodemeter {

// Opens and closes ranges on a stack: sink.push(stage, step) and sink.pop(), both noexcept. The
// range of a step is opened at the end of the step before, when nobody knows whether there will be
// one: the range after the last step is closed with generate().
template <class Sink>
class StageRanges final : public StageObserver {
public:
    explicit StageRanges(Sink sink = {}) : sink_(std::move(sink)) {}

    void begin(Stage stage, int step) noexcept override {
        sink_.push(stage, step);
        if (stage == Stage::decode_step) in_step_ = true;
    }

    void end(Stage stage, int step) noexcept override {
        if (stage == Stage::generate && in_step_) {
            sink_.pop();
            in_step_ = false;
        }
        sink_.pop();
        if (stage == Stage::decode_step) sink_.push(stage, step + 1);
    }

private:
    Sink sink_;
    bool in_step_ = false;
};

}  // namespace decodemeter
