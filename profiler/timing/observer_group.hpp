#pragma once

#include <array>
#include <cstddef>

#include "profiler/stage/stage_observer.hpp"

namespace decodemeter {

// Passes each mark to several observers: begins and edges in the order of adding, ends in the
// reverse, so that the first one encloses the others.
class ObserverGroup final : public StageObserver {
public:
    static constexpr std::size_t capacity = 4;

    // At most `capacity` observers, which the caller keeps alive; more are ignored.
    void add(StageObserver& observer) noexcept {
        if (count_ < capacity) observers_[count_++] = &observer;
    }

    void begin(Stage stage) noexcept override {
        for (std::size_t i = 0; i < count_; ++i) observers_[i]->begin(stage);
    }

    void end(Stage stage) noexcept override {
        for (std::size_t i = count_; i > 0; --i) observers_[i - 1]->end(stage);
    }

    void step_edge(int step) noexcept override {
        for (std::size_t i = 0; i < count_; ++i) observers_[i]->step_edge(step);
    }

private:
    std::array<StageObserver*, capacity> observers_{};
    std::size_t count_ = 0;
};

}  // namespace decodemeter
