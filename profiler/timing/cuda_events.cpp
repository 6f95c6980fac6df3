#include "profiler/timing/cuda_events.hpp"

#include <utility>

#include "profiler/timing/cuda_handle.hpp"

namespace decodemeter {

namespace {

cudaEvent_t event(void* handle) { return static_cast<cudaEvent_t>(handle); }

}  // namespace

CudaEvents::CudaEvents(int max_steps, void* stream) : recorded_(slot::count(max_steps), 0), stream_(stream) {
    events_.reserve(recorded_.size());
    for (std::size_t i = 0; i < recorded_.size(); ++i) {
        cudaEvent_t created = nullptr;
        // Timing on; without the blocking-sync flag, whose wake-up would delay the read-back.
        check_cuda(cudaEventCreateWithFlags(&created, cudaEventDefault), "cannot create a CUDA event");
        events_.push_back(created);
    }
}

CudaEvents::CudaEvents(CudaEvents&& other) noexcept
    : events_(std::exchange(other.events_, {})),
      recorded_(std::move(other.recorded_)),
      stream_(other.stream_),
      first_error_(other.first_error_) {}

CudaEvents& CudaEvents::operator=(CudaEvents&& other) noexcept {
    std::swap(events_, other.events_);
    std::swap(recorded_, other.recorded_);
    std::swap(stream_, other.stream_);
    std::swap(first_error_, other.first_error_);
    return *this;
}

CudaEvents::~CudaEvents() {
    for (void* handle : events_) cudaEventDestroy(event(handle));
}

void CudaEvents::record(std::size_t slot) noexcept {
    const cudaError_t status = cudaEventRecord(event(events_[slot]), static_cast<cudaStream_t>(stream_));
    if (status == cudaSuccess) recorded_[slot] = 1;
    else if (first_error_ == 0) first_error_ = static_cast<int>(status);
}

void CudaEvents::reset() noexcept {
    for (unsigned char& mark : recorded_) mark = 0;
    first_error_ = 0;
}

ClockReading CudaEvents::read(int steps) {
    check_cuda(static_cast<cudaError_t>(first_error_), "cannot record a CUDA event");
    check_cuda(cudaStreamSynchronize(static_cast<cudaStream_t>(stream_)), "cannot wait for the CUDA stream");
    const auto between = [&](std::size_t from, std::size_t to) {
        if (!recorded_[from] || !recorded_[to]) return Milliseconds{};
        float elapsed_ms = 0;
        check_cuda(cudaEventElapsedTime(&elapsed_ms, event(events_[from]), event(events_[to])),
                   "cannot read a CUDA event");
        return Milliseconds(elapsed_ms);
    };
    const auto duration = [&](Stage stage) { return between(slot::begin_of(stage), slot::end_of(stage)); };
    ClockReading reading;
    reading.stages = {Milliseconds{}, duration(Stage::vision_encoder), duration(Stage::projector),
                      duration(Stage::prefill)};
    reading.decode_start = between(slot::begin_of(Stage::generate), slot::edge(0));
    reading.total = duration(Stage::generate);
    for (int step = 1; step <= steps; ++step) reading.steps.push_back(between(slot::edge(step - 1), slot::edge(step)));
    return reading;
}

}  // namespace decodemeter
