#include "profiler/profile/instruments.hpp"

namespace decodemeter {

namespace {

std::optional<CudaEvents> events_for(int max_steps, bool cuda) {
    if (!cuda) return std::nullopt;
    return CudaEvents(max_steps);
}

}  // namespace

Instruments::Instruments(int max_steps, bool cuda)
    : timeline_(max_steps, events_for(max_steps, cuda)) {
    // The ranges enclose the marks: what they cost lies outside of each span.
    group_.add(ranges_);
    group_.add(timeline_);
    if (cuda) gpu_.emplace("");
}

void Instruments::begin_sample() {
    if (gpu_) gpu_->begin_sample();
}

void Instruments::end_sample(SampleRecord& record) {
    if (gpu_) gpu_->end_sample(record);
}

std::map<std::string, std::string> Instruments::absent() const {
    if (gpu_) return gpu_->sampler().absent();
    const std::string reason = "the run is on the CPU";
    return {{"clocks.span_ms", reason}, {"clocks.busy_ms", reason}, {"gpu", reason}};
}

void Instruments::describe(DeviceInfo& device) const {
    if (gpu_) gpu_->sampler().describe(device);
}

}  // namespace decodemeter
