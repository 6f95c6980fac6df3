#include "kernels/position_sum/cpu_backward.hpp"
#include "kernels/position_sum/cpu_forward.hpp"
#include "kernels/position_sum/simd_avx512.hpp"

namespace decodemeter::kernels {

namespace {
bool supported() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
}  // namespace

const CpuKernels<float> avx512_kernels = {"AVX-512", supported, forward<avx512::Lanes>,
                                          backward<avx512::Lanes>};

}  // namespace decodemeter::kernels
