#include "profiler/molmo/network/mixture_of_experts.hpp"

#include <ATen/ops/_grouped_mm.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros_like.h>

#include <vector>

#include "profiler/molmo/network/one_token.hpp"

namespace decodemeter::molmo {

namespace {

// silu(gate) * up of rows [gate | up]; overwrites the gate half.
at::Tensor gated(const at::Tensor& gate_up) {
    const std::int64_t inner = gate_up.size(-1) / 2;
    return at::silu(gate_up.narrow(-1, 0, inner)).mul_(gate_up.narrow(-1, inner, inner));
}

at::Tensor run_expert(const at::Tensor& x, const ExpertWeights& weights, std::int64_t expert) {
    return at::linear(gated(at::linear(x, weights.gate_up.select(0, expert))),
                      weights.down.select(0, expert));
}

// Places (token * k + rank) grouped by expert, tokens in order; first[e] .. first[e + 1] belong to
// expert e.
struct Grouping {
    std::vector<std::int64_t> places;
    std::vector<std::int64_t> first;
};

Grouping group_by_expert(const at::Tensor& experts, std::int64_t expert_count) {
    const std::int64_t* ids = experts.const_data_ptr<std::int64_t>();
    const std::int64_t count = experts.numel();
    Grouping grouping{std::vector<std::int64_t>(static_cast<std::size_t>(count)),
                      std::vector<std::int64_t>(static_cast<std::size_t>(expert_count) + 1, 0)};
    for (std::int64_t i = 0; i < count; ++i) ++grouping.first[static_cast<std::size_t>(ids[i]) + 1];
    for (std::size_t e = 1; e < grouping.first.size(); ++e)
        grouping.first[e] += grouping.first[e - 1];
    std::vector<std::int64_t> next(grouping.first.begin(), grouping.first.end() - 1);
    for (std::int64_t i = 0; i < count; ++i)
        grouping.places[static_cast<std::size_t>(next[static_cast<std::size_t>(ids[i])]++)] = i;
    return grouping;
}

}  // namespace

Routing route(const at::Tensor& x, const at::Tensor& router, int top_k) {
    Routing routing;
    routing.probabilities = at::softmax(apply_linear(x, router), -1, at::kFloat);
    auto [weights, experts] = at::topk(routing.probabilities, top_k, -1, true, true);
    routing.weights = weights.to(x.scalar_type());
    routing.experts = std::move(experts);
    return routing;
}

at::Tensor mix_experts_one_by_one(const at::Tensor& x, const ExpertWeights& weights,
                                  const Routing& routing) {
    const std::int64_t k = routing.experts.size(1);
    const Grouping grouping = group_by_expert(routing.experts, weights.router.size(0));
    at::Tensor places = at::empty({static_cast<std::int64_t>(grouping.places.size())}, at::kLong);
    std::copy(grouping.places.begin(), grouping.places.end(),
              places.mutable_data_ptr<std::int64_t>());
    const at::Tensor tokens = places.floor_divide(k);
    const at::Tensor scale = routing.weights.reshape({-1, 1});
    at::Tensor mixed = at::zeros_like(x);
    for (std::size_t e = 0; e + 1 < grouping.first.size(); ++e) {
        const std::int64_t begin = grouping.first[e];
        const std::int64_t size = grouping.first[e + 1] - begin;
        if (size == 0) continue;
        const at::Tensor members = tokens.narrow(0, begin, size);
        at::Tensor part =
            run_expert(x.index_select(0, members), weights, static_cast<std::int64_t>(e));
        mixed.index_add_(0, members,
                         part.mul_(scale.index_select(0, places.narrow(0, begin, size))));
    }
    return mixed;
}

at::Tensor mix_experts_grouped(const at::Tensor& x, const ExpertWeights& weights,
                               const Routing& routing) {
    const std::int64_t tokens = x.size(0);
    const std::int64_t k = routing.experts.size(1);
    const std::int64_t experts = weights.router.size(0);
    const auto [sorted, order] = at::sort(routing.experts.flatten(), /*stable=*/true, 0, false);
    const at::Tensor bounds = at::arange(experts, sorted.options());
    const at::Tensor ends = at::searchsorted(sorted, bounds, /*out_int32=*/true, /*right=*/true);
    const at::Tensor rows = x.index_select(0, order.floor_divide(k));
    const at::Tensor hidden = gated(at::_grouped_mm(rows, weights.gate_up.transpose(1, 2), ends));
    const at::Tensor sorted_parts = at::_grouped_mm(hidden, weights.down.transpose(1, 2), ends);
    // Back to (token, rank) order and summed by one product: no atomics, so the same bits each run.
    at::Tensor parts = at::empty_like(sorted_parts)
                           .index_copy_(0, order, sorted_parts)
                           .view({tokens, k, x.size(1)});
    return at::bmm(routing.weights.unsqueeze(1), parts).squeeze(1);
}

at::Tensor mix_experts(const at::Tensor& x, const ExpertWeights& weights, const Routing& routing) {
    if (!x.is_cpu()) return mix_experts_grouped(x, weights, routing);
    return x.size(0) == 1 ? mix_experts_for_one_token(x, weights, routing)
                          : mix_experts_one_by_one(x, weights, routing);
}

}  // namespace decodemeter::molmo
