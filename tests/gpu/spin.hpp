// Work of known length for the device.
#pragma once

#include <cuda_runtime_api.h>

namespace decodemeter::test {

// Launches one thread that runs for `nanoseconds` of the device's own timer.
cudaError_t launch_spin(long long nanoseconds, cudaStream_t stream = nullptr);

}  // namespace decodemeter::test
