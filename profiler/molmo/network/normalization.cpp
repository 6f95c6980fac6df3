#include "profiler/molmo/network/normalization.hpp"

#include <ATen/ops/mul.h>
#include <ATen/ops/rms_norm.h>

namespace decodemeter::molmo {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
    const std::int64_t width = x.size(-1);
    return at::mul(at::rms_norm(x, at::IntArrayRef(width), std::nullopt, eps), weight);
}

}  // namespace decodemeter::molmo
