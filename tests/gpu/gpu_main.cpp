// The main program of tests that need a CUDA device. Without one, or where a test was skipped and
// none failed, it prints the reason and returns 77, which ctest shows as skipped.
#define CATCH_CONFIG_RUNNER
#include <cuda_runtime_api.h>

#include <cstdio>

#include "tests/gpu/skipped_tests.hpp"

int main(int argc, char** argv) {
    int devices = 0;
    const cudaError_t status = cudaGetDeviceCount(&devices);
    if (status != cudaSuccess || devices == 0) {
        std::printf("test skipped: no CUDA device: %s\n",
                    status == cudaSuccess ? "none is listed" : cudaGetErrorString(status));
        return decodemeter::test::skipped_exit_code;
    }
    return decodemeter::test::exit_code(Catch::Session().run(argc, argv));
}
