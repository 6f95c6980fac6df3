// A pool of timing events on one CUDA stream, made before the run that it times.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "profiler/timing/marks.hpp"

namespace decodemeter {

// Built without CUDA, the constructor throws and says how to build with it.
class CudaEvents {
public:
    // Room for the marks of a generate() of at most `max_steps` steps. `stream` is a cudaStream_t; null is the
    // legacy default stream, on which LibTorch works unless told otherwise.
    // Throws std::runtime_error when the device refuses.
    explicit CudaEvents(int max_steps, void* stream = nullptr);
    CudaEvents(CudaEvents&& other) noexcept;
    CudaEvents& operator=(CudaEvents&& other) noexcept;
    ~CudaEvents();

    // Records the event of `slot` on the stream. Keeps the first failure for read() to throw.
    void record(std::size_t slot) noexcept;

    // Forgets all marks.
    void reset() noexcept;

    // Waits for the last event once and reads the times back. Resolution about 0.5 us; only neighbours are
    // differenced, because elapsed times are float32 milliseconds. Throws what record() met first.
    ClockReading read(int steps);

private:
    std::vector<void*> events_;
    std::vector<unsigned char> recorded_;
    void* stream_ = nullptr;
    int first_error_ = 0;
};

}  // namespace decodemeter
