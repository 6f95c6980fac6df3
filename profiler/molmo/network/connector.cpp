#include "profiler/molmo/network/connector.hpp"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>

#include <cmath>

namespace decodemeter::molmo {

namespace {

// Marks patches outside the image: wholly padded ones and partly padded ones get a learned vector
// each. A mask of -1, which the last tile has, counts as partly padded.
at::Tensor add_padding_embedding(const at::Tensor& features, const at::Tensor& masks,
                                 const at::Tensor& pad_embed) {
    const at::Tensor padded = masks.eq(0).unsqueeze(-1).to(features.scalar_type());
    const at::Tensor partial =
        masks.lt(1).logical_and(masks.ne(0)).unsqueeze(-1).to(features.scalar_type());
    return features.add(padded.mul(pad_embed.select(0, 0)))
        .add_(partial.mul(pad_embed.select(0, 1)));
}

// [crops, side * side, channels] -> [crops * cells, 4, channels], the four patches of a cell in
// raster order.
at::Tensor group_by_cell(const at::Tensor& features) {
    const std::int64_t crops = features.size(0);
    const std::int64_t channels = features.size(2);
    const auto side =
        static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(features.size(1)))));
    at::Tensor grid = features.view({crops, side, side, channels});
    if (side % 2 != 0) grid = at::constant_pad_nd(grid, {0, 0, 0, 1, 0, 1});
    const std::int64_t half = grid.size(1) / 2;
    return grid.view({crops, half, 2, half, 2, channels})
        .permute({0, 1, 3, 2, 4, 5})
        .reshape({crops * half * half, 4, channels});
}

at::Tensor split_heads(const at::Tensor& x, int heads) {
    return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

at::Tensor pool(const at::Tensor& cells, const at::Tensor& query, const ConnectorWeights& weights,
                int heads) {
    const at::Tensor q =
        split_heads(at::linear(query, weights.query.weight, weights.query.bias), heads);
    const at::Tensor k =
        split_heads(at::linear(cells, weights.key.weight, weights.key.bias), heads);
    const at::Tensor v =
        split_heads(at::linear(cells, weights.value.weight, weights.value.bias), heads);
    const at::Tensor mixed = at::scaled_dot_product_attention(q, k, v);
    return at::linear(mixed.transpose(1, 2).flatten(1), weights.out.weight, weights.out.bias);
}

}  // namespace

at::Tensor connect(const at::Tensor& features, const at::Tensor& masks,
                   const ConnectorWeights& weights, const VisionConfig& config,
                   ConnectorProbe* probe) {
    const at::Tensor cells =
        group_by_cell(add_padding_embedding(features, masks, weights.pad_embed));
    const at::Tensor query = cells.mean(1, /*keepdim=*/true);
    const at::Tensor pooled =
        pool(cells, query, weights, config.heads).view({features.size(0), -1, config.width});
    if (probe) *probe = {query, pooled};
    const at::Tensor gated =
        at::silu(at::linear(pooled, weights.w1)).mul_(at::linear(pooled, weights.w3));
    return at::linear(gated, weights.w2);
}

}  // namespace decodemeter::molmo
