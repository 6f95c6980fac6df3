#include "profiler/error/error.hpp"
#include "profiler/timing/cuda_events.hpp"

namespace decodemeter {

CudaEvents::CudaEvents(int, void*) {
    throw InputError(
        "CUDA events: this program was built without CUDA; install nvcc (scripts/setup --cuda) and build again");
}
CudaEvents::CudaEvents(CudaEvents&&) noexcept = default;
CudaEvents& CudaEvents::operator=(CudaEvents&&) noexcept = default;
CudaEvents::~CudaEvents() = default;
void CudaEvents::record(std::size_t) noexcept {}
void CudaEvents::reset() noexcept {}
ClockReading CudaEvents::read(int) { return {}; }

}  // namespace decodemeter
