#include "profiler/timing/cuda_events.hpp"

#include <stdexcept>
#include <utility>

#include "profiler/system/error.hpp"

namespace decodemeter {

CudaEvents::CudaEvents(std::size_t slots, CudaStream stream, CudaDriver driver)
    : driver_(std::move(driver)), recorded_(slots, 0), stream_(stream) {}

// Delegates, so that the destructor frees what was made before a failure.
CudaEvents::CudaEvents(int max_steps, CudaStream stream, CudaDriver driver)
    : CudaEvents(slot::count(max_steps), stream, std::move(driver)) {
    if (!driver_.absent.empty()) throw InputError("CUDA events: " + driver_.absent);
    check(driver_.init(0), "cannot start CUDA");
    CudaDriver::Context context = nullptr;
    check(driver_.context_current(&context), "cannot ask for the CUDA context");
    if (!context) {
        check(driver_.primary_context(&context, 0), "cannot use the first CUDA device");
        check(driver_.context_set(context), "cannot use the first CUDA device");
    }
    events_.reserve(recorded_.size());
    // Timing on, and without the blocking-sync flag, whose wake-up would delay the read-back.
    constexpr unsigned default_flags = 0;
    while (events_.size() < recorded_.size()) {
        CudaDriver::Event created = nullptr;
        check(driver_.event_create(&created, default_flags), "cannot create a CUDA event");
        events_.push_back(created);
    }
}

CudaEvents::CudaEvents(CudaEvents&& other) noexcept
    : driver_(std::move(other.driver_)),
      events_(std::exchange(other.events_, {})),
      recorded_(std::move(other.recorded_)),
      stream_(other.stream_),
      first_error_(other.first_error_) {}

CudaEvents& CudaEvents::operator=(CudaEvents&& other) noexcept {
    std::swap(driver_, other.driver_);
    std::swap(events_, other.events_);
    std::swap(recorded_, other.recorded_);
    std::swap(stream_, other.stream_);
    std::swap(first_error_, other.first_error_);
    return *this;
}

CudaEvents::~CudaEvents() {
    for (const CudaDriver::Event event : events_) driver_.event_destroy(event);
}

void CudaEvents::check(int status, const char* what) const {
    if (status != 0) throw std::runtime_error(cuda_fault(driver_, what, status));
}

void CudaEvents::record(std::size_t slot) noexcept {
    const int status = driver_.event_record(events_[slot], stream_.handle);
    if (status == 0) recorded_[slot] = 1;
    else if (first_error_ == 0) first_error_ = status;
}

void CudaEvents::reset() noexcept {
    for (unsigned char& mark : recorded_) mark = 0;
    first_error_ = 0;
}

ClockReading CudaEvents::read(int steps) {
    check(first_error_, "cannot record a CUDA event");
    check(driver_.stream_synchronize(stream_.handle), "cannot wait for the CUDA stream");
    const auto between = [&](std::size_t from, std::size_t to) {
        if (!recorded_[from] || !recorded_[to]) return Milliseconds{};
        float elapsed_ms = 0;
        check(driver_.event_elapsed_ms(&elapsed_ms, events_[from], events_[to]),
              "cannot read a CUDA event");
        return Milliseconds(elapsed_ms);
    };
    const auto duration = [&](Stage stage) {
        return between(slot::begin_of(stage), slot::end_of(stage));
    };
    ClockReading reading;
    reading.stages = {Milliseconds{}, duration(Stage::vision_encoder), duration(Stage::projector),
                      between(slot::begin_of(Stage::prefill), slot::edge(0))};
    reading.first_token = between(slot::begin_of(Stage::generate), slot::edge(0));
    reading.total = duration(Stage::generate);
    for (int step = 1; step <= steps; ++step)
        reading.steps.push_back(between(slot::edge(step - 1), slot::edge(step)));
    return reading;
}

}  // namespace decodemeter
