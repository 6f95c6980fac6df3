// The mixture-of-experts feed-forward: softmax over all experts, the top k of it, no
// renormalization, dropless.
#pragma once

#include <ATen/core/Tensor.h>

namespace decodemeter::molmo {

struct ExpertWeights {
    at::Tensor router;   // [experts, d]
    at::Tensor gate_up;  // [experts, 2 * inner, d]: gate rows, then up rows
    at::Tensor down;     // [experts, d, inner]
};

// Which experts each token goes to.
struct Routing {
    at::Tensor probabilities;  // [tokens, experts] float32
    at::Tensor weights;        // [tokens, k] in the activation dtype, descending
    at::Tensor experts;        // [tokens, k] int64
};

Routing route(const at::Tensor& x, const at::Tensor& router, int top_k);

// x [tokens, d] -> [tokens, d]. On the CPU each expert that is needed runs by itself; elsewhere all
// experts run in one grouped product each way, so that in bfloat16 no expert costs a
// synchronization with the host. In float32 LibTorch has no grouped kernel for CUDA: each of the
// two products reads back where the experts' rows end and loops over the experts on the host.
at::Tensor mix_experts(const at::Tensor& x, const ExpertWeights& weights, const Routing& routing);

// The two ways by name, for tests to compare.
at::Tensor mix_experts_one_by_one(const at::Tensor& x, const ExpertWeights& weights,
                                  const Routing& routing);
at::Tensor mix_experts_grouped(const at::Tensor& x, const ExpertWeights& weights,
                               const Routing& routing);

}  // namespace decodemeter::molmo
