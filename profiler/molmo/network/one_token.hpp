// A decode step's products on the CPU: one token, weights streamed once. LibTorch's own product for
// one row reaches a third of the memory's speed here.
#pragma once

#include <ATen/core/Tensor.h>

#include "profiler/molmo/network/mixture_of_experts.hpp"

namespace decodemeter::molmo {

// y = x W^T (+ bias), in x's dtype: one row on the CPU goes through kernels/matvec/matvec, all else
// through LibTorch.
at::Tensor apply_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

// mix_experts() for x [1, d] on the CPU, in float32 up to the result.
at::Tensor mix_experts_for_one_token(const at::Tensor& x, const ExpertWeights& weights,
                                     const Routing& routing);

}  // namespace decodemeter::molmo
