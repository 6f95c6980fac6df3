#include "tests/gpu/spin.hpp"

namespace {

__global__ void spin(long long nanoseconds) {
    unsigned long long begin;
    unsigned long long now;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(begin));
    do {
        asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
    } while (now - begin < static_cast<unsigned long long>(nanoseconds));
}

}  // namespace

namespace decodemeter {
namespace test {

cudaError_t launch_spin(long long nanoseconds, cudaStream_t stream) {
    spin<<<1, 1, 0, stream>>>(nanoseconds);
    return cudaGetLastError();
}

}  // namespace test
}  // namespace decodemeter
