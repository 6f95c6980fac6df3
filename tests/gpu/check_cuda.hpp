// CUDA calls checked.
#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

namespace decodemeter {

inline void check_cuda(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status) + " (" +
                             cudaGetErrorName(status) + ")");
}

}  // namespace decodemeter
