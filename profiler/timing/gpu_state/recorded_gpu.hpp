// The state of the GPU around each sample, in the form of a record.
#pragma once

#include <string>
#include <utility>

#include "profiler/record/sample_record.hpp"
#include "profiler/timing/gpu_state/nvml_sampler.hpp"

namespace decodemeter {

class RecordedGpu {
public:
    // As NvmlSampler's.
    explicit RecordedGpu(const std::string& pci_bus_id, NvmlFunctions functions = load_nvml())
        : sampler_(pci_bus_id, std::move(functions)) {}

    const NvmlSampler& sampler() const noexcept { return sampler_; }

    // Around one sample, never within it.
    void begin_sample() { sampler_.begin_sample(); }
    // Sets `gpu`, and the flags "throttled" and "clock_fell": the latter against the highest clock
    // of the run so far.
    void end_sample(SampleRecord& record);

private:
    NvmlSampler sampler_;
    double highest_mhz_ = 0;
};

}  // namespace decodemeter
