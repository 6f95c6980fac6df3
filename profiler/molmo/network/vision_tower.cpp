#include "profiler/molmo/network/vision_tower.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>

#include <algorithm>

namespace decodemeter::molmo {

namespace {

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      double eps) {
    return at::layer_norm(x, x.size(-1), weight, bias, eps);
}

at::Tensor quick_gelu(const at::Tensor& x) { return at::sigmoid(x.mul(1.702)).mul_(x); }

// x [crops, tokens, width]; attention in float32 whatever the dtype, as the model was trained.
at::Tensor self_attention(const at::Tensor& x, const VisionBlockWeights& weights, int heads) {
    const std::int64_t crops = x.size(0);
    const std::int64_t tokens = x.size(1);
    const std::int64_t width = x.size(2);
    const at::Tensor qkv = at::linear(x, weights.qkv.weight, weights.qkv.bias)
                               .view({crops, tokens, 3, heads, width / heads})
                               .permute({2, 0, 3, 1, 4})
                               .to(at::kFloat);
    const at::Tensor mixed =
        at::scaled_dot_product_attention(qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2));
    const at::Tensor rows =
        mixed.transpose(1, 2).reshape({crops, tokens, width}).to(x.scalar_type());
    return at::linear(rows, weights.out.weight, weights.out.bias);
}

at::Tensor run_block(const at::Tensor& x, const VisionBlockWeights& weights,
                     const VisionConfig& config) {
    const at::Tensor normed =
        layer_norm(x, weights.attention_norm_weight, weights.attention_norm_bias, config.norm_eps);
    const at::Tensor attended = self_attention(normed, weights, config.heads).add_(x);
    const at::Tensor inner = at::linear(
        layer_norm(attended, weights.ffn_norm_weight, weights.ffn_norm_bias, config.norm_eps),
        weights.w1.weight, weights.w1.bias);
    return at::linear(quick_gelu(inner), weights.w2.weight, weights.w2.bias).add_(attended);
}

}  // namespace

int last_used_block(const VisionConfig& config) {
    return *std::max_element(config.feature_layers.begin(), config.feature_layers.end());
}

at::Tensor encode_crops(const at::Tensor& crops, const VisionWeights& weights,
                        const VisionConfig& config, VisionProbe* probe) {
    const at::Tensor patches = at::linear(crops, weights.patch_embedding);
    const at::Tensor class_token = weights.class_embedding.expand({crops.size(0), 1, -1});
    at::Tensor x = at::cat({class_token, patches}, 1).add_(weights.positional_embedding);
    x = layer_norm(x, weights.pre_norm_weight, weights.pre_norm_bias, config.norm_eps);
    std::vector<at::Tensor> chosen(config.feature_layers.size());
    for (std::size_t i = 0; i < weights.blocks.size(); ++i) {
        x = run_block(x, weights.blocks[i], config);
        if (probe && i == 0) probe->first_block = x;
        for (std::size_t j = 0; j < chosen.size(); ++j) {
            if (config.feature_layers[j] == static_cast<int>(i)) chosen[j] = x;
        }
    }
    if (probe) probe->last_used_block = x;
    return at::cat(chosen, -1).narrow(1, 1, crops.size(1));
}

}  // namespace decodemeter::molmo
