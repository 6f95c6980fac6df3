#include "profiler/profile/instruments.hpp"

#include <algorithm>

namespace decodemeter {

namespace {

std::optional<CudaEvents> events_for(int max_steps, bool cuda) {
    if (!cuda) return std::nullopt;
    return CudaEvents(max_steps);
}

}  // namespace

Instruments::Instruments(int max_steps, bool cuda) : timeline_(max_steps, events_for(max_steps, cuda)) {
    // The ranges enclose the marks: what they cost lies outside of each span.
    if (cuda) group_.add(ranges_);
    group_.add(timeline_);
    if (cuda) gpu_.emplace("");
}

void Instruments::begin_sample() {
    if (gpu_) gpu_->begin_sample();
}

void Instruments::end_sample(SampleRecord& record) {
    if (!gpu_) return;
    record.gpu = gpu_->end_sample();
    if (!record.gpu) return;
    if (!record.gpu->throttle.empty()) record.flags.push_back("throttled");
    if (clock_fell(*record.gpu, highest_mhz_)) record.flags.push_back("clock_fell");
    highest_mhz_ = std::max(highest_mhz_, record.gpu->sm_mhz_min.value_or(0));
}

std::map<std::string, std::string> Instruments::absent() const {
    if (gpu_) return gpu_->absent();
    const std::string reason = "the run is on the CPU";
    return {{"clocks.span_ms", reason}, {"clocks.busy_ms", reason}, {"gpu", reason}};
}

void Instruments::describe(DeviceInfo& device) const {
    if (gpu_) gpu_->describe(device);
}

}  // namespace decodemeter
