// A pool of timing events on one CUDA stream, made before the run that it times.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "profiler/stage/cuda_stream.hpp"
#include "profiler/timing/cuda_driver.hpp"
#include "profiler/timing/marks.hpp"

namespace decodemeter {

class CudaEvents {
public:
    // Room for the marks of a generate() of at most `max_steps` steps that works on `stream`, in
    // this thread's context;
    // where it has none yet, in the first device's primary context, as the CUDA runtime does it.
    // Throws InputError where there is no driver, and std::runtime_error when the device refuses.
    CudaEvents(int max_steps, CudaStream stream, CudaDriver driver = load_cuda_driver());
    CudaEvents(CudaEvents&& other) noexcept;
    CudaEvents& operator=(CudaEvents&& other) noexcept;
    ~CudaEvents();

    // Records the event of `slot` on the stream. Keeps the first failure for read() to throw.
    void record(std::size_t slot) noexcept;

    bool recorded(std::size_t slot) const noexcept { return recorded_[slot] != 0; }

    // Forgets all marks.
    void reset() noexcept;

    // Waits for the last event once and reads the times back; prefill ends at edge 0, whose event
    // is recorded there. Resolution about 0.5 us; only
    // neighbors are differenced, because elapsed times are float32 milliseconds. Throws what
    // record() met first.
    ClockReading read(int steps);

private:
    CudaEvents(std::size_t slots, CudaStream stream, CudaDriver driver);
    void check(int status, const char* what) const;

    CudaDriver driver_;
    std::vector<CudaDriver::Event> events_;
    std::vector<unsigned char> recorded_;
    CudaStream stream_;
    int first_error_ = 0;
};

}  // namespace decodemeter
