#include "profiler/timing/gpu_state/recorded_gpu.hpp"

#include <algorithm>

namespace decodemeter {

void RecordedGpu::end_sample(SampleRecord& record) {
    record.gpu = sampler_.end_sample();
    if (!record.gpu) return;
    if (!record.gpu->throttle.empty()) record.flags.push_back("throttled");
    if (clock_fell(*record.gpu, highest_mhz_)) record.flags.push_back("clock_fell");
    highest_mhz_ = std::max(highest_mhz_, record.gpu->sm_mhz_min.value_or(0));
}

}  // namespace decodemeter
