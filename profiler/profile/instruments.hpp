// What watches a run: the timeline with its clocks, NVTX ranges, the GPU's state.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "profiler/molmo/molmo.hpp"
#include "profiler/record/sample_record.hpp"
#include "profiler/timing/gpu_state/recorded_gpu.hpp"
#include "profiler/timing/nvtx_ranges.hpp"
#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/timeline.hpp"

namespace decodemeter {

// The GPU that a model works on, and what it is asked through.
struct MeasuredGpu {
    CudaStream stream;
    CudaDriver driver = load_cuda_driver();
    NvmlFunctions nvml = load_nvml();
};

// None for the CPU. Throws InputError for a device that is not there.
std::optional<MeasuredGpu> gpu_of(const std::string& device);

class Instruments {
public:
    // `gpu` adds CUDA events on its stream and NVML, which is asked for the device of CUDA's
    // current context, whatever its place among the machine's. Everything is made here, before
    // anything is timed.
    Instruments(int max_steps, const std::optional<MeasuredGpu>& gpu);

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
