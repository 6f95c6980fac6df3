// What watches a run: the timeline with its clocks, and whoever else is attached.
#pragma once

#include "profiler/record/sample_record.hpp"
#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/timeline.hpp"

namespace decodemeter {

class Instruments {
public:
    // `cuda` adds CUDA events. Everything is made here, before anything is timed.
    Instruments(int max_steps, bool cuda);

    Timeline<>& timeline() noexcept { return timeline_; }
    StageObserver& observers() noexcept { return group_; }

private:
    Timeline<> timeline_;
    ObserverGroup group_;
};

}  // namespace decodemeter
