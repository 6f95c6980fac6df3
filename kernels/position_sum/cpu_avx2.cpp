#include "kernels/position_sum/cpu_backward.hpp"
#include "kernels/position_sum/cpu_forward.hpp"
#include "kernels/position_sum/simd_avx2.hpp"

namespace decodemeter::kernels {

namespace {
bool supported() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
}  // namespace

const CpuKernels<float> avx2_kernels = {"AVX2", supported, forward<avx2::Lanes>,
                                        backward<avx2::Lanes>};

}  // namespace decodemeter::kernels
