#include "profiler/molmo/network/decoder.hpp"

#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>

#include "profiler/molmo/network/normalization.hpp"
#include "profiler/molmo/network/one_token.hpp"

namespace decodemeter::molmo {

namespace {

struct Attention {
    at::Tensor q;  // [tokens, heads, head_dim]
    at::Tensor k;  // [tokens, kv_heads, head_dim]
    at::Tensor v;  // [tokens, kv_heads, head_dim]
};

// q and k lie side by side in qkv, so norm and rotation take both at once.
Attention project(const at::Tensor& x, std::int64_t first, const DecoderBlockWeights& weights,
                  const ModelConfig& config, const RotaryTable& rotary) {
    const std::int64_t tokens = x.size(0);
    const std::int64_t rotated_heads = config.heads + config.kv_heads;
    const at::Tensor qkv = apply_linear(x, weights.qkv.weight, weights.qkv.bias);
    at::Tensor qk = qkv.narrow(1, 0, rotated_heads * config.head_dim);
    if (weights.qk_norm.defined())
        qk = rms_norm(qk.unflatten(1, {2, -1}), weights.qk_norm, config.norm_eps);
    qk = rotate(qk.reshape({tokens, rotated_heads, config.head_dim}), rotary, first);
    const at::Tensor v =
        qkv.narrow(1, rotated_heads * config.head_dim, config.kv_heads * config.head_dim);
    return {qk.narrow(1, 0, config.heads), qk.narrow(1, config.heads, config.kv_heads),
            v.unflatten(1, {config.kv_heads, config.head_dim})};
}

// One query position: the query heads that share a key head become the rows of one attention, exact
// because the last position attends to everything. Some back ends leave these rows by position.
at::Tensor attend_last(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                       const ModelConfig& config) {
    const at::Tensor grouped =
        q.reshape({1, config.kv_heads, config.heads / config.kv_heads, config.head_dim});
    return at::scaled_dot_product_attention(grouped, keys.unsqueeze(0), values.unsqueeze(0))
        .reshape({1, -1});
}

at::Tensor attend_causal(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                         const ModelConfig& config) {
    const bool grouped = config.heads != config.kv_heads;
    const at::Tensor mixed = at::scaled_dot_product_attention(
        q.transpose(0, 1).unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0), std::nullopt, 0.0,
        /*is_causal=*/true, std::nullopt, /*enable_gqa=*/grouped);
    return mixed.squeeze(0).transpose(0, 1).flatten(1);
}

at::Tensor feed_forward(const at::Tensor& x, const DecoderBlockWeights& weights, int top_k,
                        DecoderProbe* probe) {
    if (weights.up_gate.defined()) {
        const std::int64_t inner = weights.down.size(1);
        const at::Tensor up_gate = apply_linear(x, weights.up_gate);
        return apply_linear(
            at::silu(up_gate.narrow(1, inner, inner)).mul_(up_gate.narrow(1, 0, inner)),
            weights.down);
    }
    const Routing routing = route(x, weights.experts.router, top_k);
    if (probe) probe->routings.push_back(routing);
    return mix_experts(x, weights.experts, routing);
}

}  // namespace

at::Tensor run_blocks(at::Tensor x, std::int64_t first, const DecoderWeights& weights,
                      const ModelConfig& config, const DecoderKnobs& knobs,
                      const RotaryTable& rotary, KvCache& cache, DecoderProbe* probe) {
    const std::int64_t tokens = x.size(0);
    for (std::size_t i = 0; i < knobs.active_blocks.size(); ++i) {
        const DecoderBlockWeights& block =
            weights.blocks[static_cast<std::size_t>(knobs.active_blocks[i])];
        if (probe) probe->block_inputs.push_back(x);
        const Attention projected =
            project(rms_norm(x, block.attn_norm, config.norm_eps), first, block, config, rotary);
        cache.store(i, first, projected.k, projected.v);
        const at::Tensor keys = cache.keys(i, first + tokens);
        const at::Tensor values = cache.values(i, first + tokens);
        const at::Tensor mixed = tokens == 1 ? attend_last(projected.q, keys, values, config)
                                             : attend_causal(projected.q, keys, values, config);
        const at::Tensor attended = apply_linear(mixed, block.attn_out).add_(x);
        x = feed_forward(rms_norm(attended, block.ff_norm, config.norm_eps), block, knobs.top_k,
                         probe)
                .add_(attended);
    }
    return x;
}

at::Tensor final_hidden(const at::Tensor& x, const DecoderWeights& weights,
                        const ModelConfig& config) {
    return rms_norm(x, weights.final_norm, config.norm_eps);
}

at::Tensor unembed(const at::Tensor& hidden, const DecoderWeights& weights) {
    return apply_linear(hidden, weights.unembedding);
}

}  // namespace decodemeter::molmo
