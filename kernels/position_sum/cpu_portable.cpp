#include "kernels/position_sum/cpu_backward.hpp"
#include "kernels/position_sum/cpu_forward.hpp"
#include "kernels/position_sum/simd_portable.hpp"

namespace decodemeter::kernels {

namespace {
bool always() { return true; }
using Floats = portable::Lanes<float>;
using Doubles = portable::Lanes<double>;
}  // namespace

const CpuKernels<float> portable_kernels = {"portable", always, forward<Floats>, backward<Floats>};
const CpuKernels<double> portable_double_kernels = {"portable", always, forward<Doubles>,
                                                    backward<Doubles>};

}  // namespace decodemeter::kernels
