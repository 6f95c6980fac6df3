// The batched position sum as a LibTorch operation with gradients, on the CPU (float32, float64)
// and on CUDA (float32).
//
//     y[b,s] = v . act(U[b,:] + V[s,:]) + c          S[b] = sum over s of w[b,s] g(y[b,s])
//
// All take U [batch, hidden], V [positions, hidden], v [hidden] and c (one element), of one type
// and on one device, are differentiable in them once (no second derivatives), and throw c10::Error
// for what they do not take. Position s = 1 is row 0 of V. Runs on the current stream of the
// tensors' device.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <utility>

#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

// S over s = 1 .. n_b. counts: n_b [batch], int32 or int64, taken as within 0 .. positions.
at::Tensor position_sum(const at::Tensor& config_part, const at::Tensor& position_part,
                        const at::Tensor& head_weight, const at::Tensor& head_bias,
                        const at::Tensor& counts, const PositionSumOptions& options);

// S over all positions with weights w [batch, positions]; or with a table [rows, positions] of
// which sample b takes row weight_row[b] (int32 or int64). Differentiable in w too. A weight of 0
// leaves its position out, whatever its value.
at::Tensor weighted_position_sum(const at::Tensor& config_part, const at::Tensor& position_part,
                                 const at::Tensor& head_weight, const at::Tensor& head_bias,
                                 const at::Tensor& weights,
                                 const std::optional<at::Tensor>& weight_row,
                                 const PositionSumOptions& options);

// S as position_sum, and g(y[b,s]) [batch, positions], 0 beyond n_b, from one pass each way.
std::pair<at::Tensor, at::Tensor> position_sum_with_values(
    const at::Tensor& config_part, const at::Tensor& position_part, const at::Tensor& head_weight,
    const at::Tensor& head_bias, const at::Tensor& counts, const PositionSumOptions& options);

}  // namespace decodemeter::kernels
