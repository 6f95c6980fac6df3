// Stages and decode steps as nested ranges, for tools that draw them.
#pragma once

#include <utility>

#include "profiler/stage/stage_observer.hpp"

namespace decodemeter {

// Opens and closes ranges on a stack: sink.push(stage, step) and sink.pop(), both noexcept; `step`
// is 0 for all stages but decode_step. The range of a step encloses its forward pass; reading the
// token back lies between two ranges.
template <class Sink>
class StageRanges final : public StageObserver {
public:
    explicit StageRanges(Sink sink = {}) : sink_(std::move(sink)) {}

    void begin(Stage stage) noexcept override {
        sink_.push(stage, stage == Stage::decode_step ? last_edge_ + 1 : 0);
    }
    void end(Stage) noexcept override { sink_.pop(); }
    void step_edge(int step) noexcept override { last_edge_ = step; }

private:
    Sink sink_;
    int last_edge_ = 0;
};

}  // namespace decodemeter
