#include "profiler/profile/instruments.hpp"

namespace decodemeter {

namespace {

std::optional<CudaEvents> events_for(int max_steps, const std::optional<MeasuredGpu>& gpu) {
    if (!gpu) return std::nullopt;
    return CudaEvents(max_steps, gpu->stream, gpu->driver);
}

}  // namespace

std::optional<MeasuredGpu> gpu_of(const std::string& device) {
    const std::optional<CudaStream> stream = molmo::Molmo::stream_on(device);
    if (!stream) return std::nullopt;
    return MeasuredGpu{*stream};
}

Instruments::Instruments(int max_steps, const std::optional<MeasuredGpu>& gpu)
    : timeline_(max_steps, events_for(max_steps, gpu)) {
    // The ranges enclose the marks: what they cost lies outside of each span.
    group_.add(ranges_);
    group_.add(timeline_);
    if (gpu) gpu_.emplace(current_pci_bus_id(gpu->driver), gpu->nvml);
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
