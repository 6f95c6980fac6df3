// What watches a run: the timeline with its clocks, NVTX ranges, the GPU's state.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "profiler/record/sample_record.hpp"
#include "profiler/timing/nvtx_ranges.hpp"
#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/recorded_gpu.hpp"
#include "profiler/timing/timeline.hpp"

namespace decodemeter {

class Instruments {
public:
    // `cuda` adds CUDA events and NVML. Everything is made here, before anything is timed.
    Instruments(int max_steps, bool cuda);

    Timeline<>& timeline() noexcept { return timeline_; }
    StageObserver& observers() noexcept { return group_; }

    // Around one sample, never within it.
    void begin_sample();
    void end_sample(SampleRecord& record);

    // What cannot be had here, and why; for run.json.
    std::map<std::string, std::string> absent() const;
    void describe(DeviceInfo& device) const;

private:
    Timeline<> timeline_;
    NvtxRanges ranges_;
    std::optional<RecordedGpu> gpu_;
    ObserverGroup group_;
};

}  // namespace decodemeter
