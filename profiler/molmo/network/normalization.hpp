#pragma once

#include <ATen/core/Tensor.h>

namespace decodemeter::molmo {

// y = weight * cast(x * rsqrt(mean(x^2) + eps)) over the last dimension: computed in float32 and
// cast back to the activation dtype before the weight is applied, as the model was trained.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

}  // namespace decodemeter::molmo
