#include "profiler/molmo/network/parameters.hpp"

#include "profiler/molmo/network/vision_tower.hpp"
#include "profiler/molmo/network/weight_memory.hpp"

namespace decodemeter::molmo {

namespace {

LinearWeights allocate_linear(std::int64_t out, std::int64_t in, bool bias,
                              const at::TensorOptions& options) {
    return {empty_weights({out, in}, options), bias ? empty_weights({out}, options) : at::Tensor()};
}

VisionWeights allocate_vision(const VisionConfig& config, const at::TensorOptions& options) {
    const std::int64_t width = config.width;
    const std::int64_t mlp = config.inner;
    const auto vector = [&] { return empty_weights({width}, options); };
    VisionWeights weights;
    weights.patch_embedding =
        empty_weights({width, std::int64_t{config.patch} * config.patch * 3}, options);
    weights.class_embedding = vector();
    weights.positional_embedding = empty_weights({config.positions(), width}, options);
    weights.pre_norm_weight = vector();
    weights.pre_norm_bias = vector();
    for (int i = 0; i <= last_used_block(config); ++i) {
        weights.blocks.push_back({vector(), vector(),
                                  allocate_linear(3 * width, width, true, options),
                                  allocate_linear(width, width, true, options), vector(), vector(),
                                  allocate_linear(mlp, width, true, options),
                                  allocate_linear(width, mlp, true, options)});
    }
    return weights;
}

ConnectorWeights allocate_connector(const ModelConfig& config, const at::TensorOptions& options) {
    const std::int64_t width = config.vision.width;
    const std::int64_t features = config.vision.feature_width();
    const auto projection = [&](std::int64_t in) {
        return allocate_linear(width, in, true, options);
    };
    return {empty_weights({2, features}, options),
            projection(features),
            projection(features),
            projection(features),
            projection(width),
            empty_weights({config.projector_inner, width}, options),
            empty_weights({config.d_model, config.projector_inner}, options),
            empty_weights({config.projector_inner, width}, options)};
}

DecoderBlockWeights allocate_block(const ModelConfig& config, const at::TensorOptions& options) {
    const std::int64_t d = config.d_model;
    const std::int64_t rows = (std::int64_t{config.heads} + 2 * config.kv_heads) * config.head_dim;
    DecoderBlockWeights block;
    block.attn_norm = empty_weights({d}, options);
    block.qkv = allocate_linear(rows, d, config.qkv_bias, options);
    if (config.qk_norm) block.qk_norm = empty_weights({2, d}, options);
    block.attn_out = empty_weights({d, d}, options);
    block.ff_norm = empty_weights({d}, options);
    if (config.experts) {
        const std::int64_t experts = config.experts->experts;
        const std::int64_t inner = config.experts->inner;
        block.experts = {empty_weights({experts, d}, options),
                         empty_weights({experts, 2 * inner, d}, options),
                         empty_weights({experts, d, inner}, options)};
    } else {
        block.up_gate = empty_weights({2 * std::int64_t{config.inner}, d}, options);
        block.down = empty_weights({d, config.inner}, options);
    }
    return block;
}

// Collects names with their views.
class NameList {
public:
    void add(std::string name, const at::Tensor& tensor, ParameterKind kind,
             std::vector<std::string> aliases = {}) {
        names_.push_back({std::move(name), std::move(aliases), tensor, kind});
    }
    void add_matrix(const std::string& name, const at::Tensor& tensor) {
        add(name, tensor, ParameterKind::matrix);
    }
    void add_norm(const std::string& name, const at::Tensor& weight, const at::Tensor& bias = {}) {
        add(name + ".weight", weight, ParameterKind::norm_weight);
        if (bias.defined()) add(name + ".bias", bias, ParameterKind::bias);
    }
    void add_linear(const std::string& name, const at::Tensor& weight,
                    const at::Tensor& bias = {}) {
        add_matrix(name + ".weight", weight);
        if (bias.defined()) add(name + ".bias", bias, ParameterKind::bias);
    }
    // q, k and v lie in one matrix here and in three tensors of a checkpoint's vision tower.
    void add_rows(const std::string& name, const LinearWeights& linear, std::int64_t part,
                  std::int64_t rows) {
        add_linear(name, linear.weight.narrow(0, part * rows, rows),
                   linear.bias.narrow(0, part * rows, rows));
    }
    std::vector<NamedParameter> take() { return std::move(names_); }

private:
    std::vector<NamedParameter> names_;
};

void name_vision(NameList& names, const VisionWeights& weights, const VisionConfig& config) {
    const std::string vit = "model.vision_backbone.image_vit.";
    names.add_matrix(vit + "class_embedding", weights.class_embedding);
    names.add_matrix(vit + "positional_embedding", weights.positional_embedding);
    names.add_linear(vit + "patch_embedding", weights.patch_embedding);
    names.add_norm(vit + "pre_ln", weights.pre_norm_weight, weights.pre_norm_bias);
    for (std::size_t i = 0; i < weights.blocks.size(); ++i) {
        const VisionBlockWeights& block = weights.blocks[i];
        const std::string prefix = vit + "transformer.resblocks." + std::to_string(i) + ".";
        names.add_rows(prefix + "attention.wq", block.qkv, 0, config.width);
        names.add_rows(prefix + "attention.wk", block.qkv, 1, config.width);
        names.add_rows(prefix + "attention.wv", block.qkv, 2, config.width);
        names.add_linear(prefix + "attention.wo", block.out.weight, block.out.bias);
        names.add_norm(prefix + "attention_norm", block.attention_norm_weight,
                       block.attention_norm_bias);
        names.add_norm(prefix + "ffn_norm", block.ffn_norm_weight, block.ffn_norm_bias);
        names.add_linear(prefix + "feed_forward.w1", block.w1.weight, block.w1.bias);
        names.add_linear(prefix + "feed_forward.w2", block.w2.weight, block.w2.bias);
    }
}

void name_connector(NameList& names, const ConnectorWeights& weights) {
    const std::string backbone = "model.vision_backbone.";
    names.add_matrix(backbone + "pad_embed", weights.pad_embed);
    names.add_linear(backbone + "image_pooling_2d.wq", weights.query.weight, weights.query.bias);
    names.add_linear(backbone + "image_pooling_2d.wk", weights.key.weight, weights.key.bias);
    names.add_linear(backbone + "image_pooling_2d.wv", weights.value.weight, weights.value.bias);
    names.add_linear(backbone + "image_pooling_2d.wo", weights.out.weight, weights.out.bias);
    names.add_linear(backbone + "image_projector.w1", weights.w1);
    names.add_linear(backbone + "image_projector.w2", weights.w2);
    names.add_linear(backbone + "image_projector.w3", weights.w3);
}

void name_experts(NameList& names, const std::string& mlp, const ExpertWeights& experts) {
    names.add_linear(mlp + "gate", experts.router);
    const std::int64_t inner = experts.down.size(2);
    for (std::int64_t e = 0; e < experts.down.size(0); ++e) {
        const std::string expert = mlp + "experts." + std::to_string(e) + ".";
        names.add_linear(expert + "gate_proj", experts.gate_up.select(0, e).narrow(0, 0, inner));
        names.add_linear(expert + "up_proj", experts.gate_up.select(0, e).narrow(0, inner, inner));
        names.add_linear(expert + "down_proj", experts.down.select(0, e));
    }
}

void name_block(NameList& names, const std::string& prefix, const DecoderBlockWeights& block) {
    const bool experts = block.experts.router.defined();
    const std::string attention = experts ? prefix + "attn." : prefix;
    const std::string mlp = experts ? prefix + "mlp." : prefix;
    names.add_linear(attention + "att_proj", block.qkv.weight, block.qkv.bias);
    names.add_linear(attention + "attn_out", block.attn_out);
    names.add_norm(attention + "attn_norm", block.attn_norm);
    if (block.qk_norm.defined()) {
        names.add_norm(attention + "q_norm", block.qk_norm.select(0, 0));
        names.add_norm(attention + "k_norm", block.qk_norm.select(0, 1));
    }
    names.add_norm(mlp + "ff_norm", block.ff_norm);
    if (experts) return name_experts(names, mlp, block.experts);
    names.add_linear(mlp + "ff_proj", block.up_gate);
    names.add_linear(mlp + "ff_out", block.down);
}

}  // namespace

Parameters allocate_parameters(const ModelConfig& config, const at::TensorOptions& options) {
    Parameters parameters;
    parameters.vision = allocate_vision(config.vision, options);
    parameters.connector = allocate_connector(config, options);
    DecoderWeights& decoder = parameters.decoder;
    decoder.embedding = empty_weights(
        {std::int64_t{config.embedding_size} + config.additional_vocab_size, config.d_model},
        options);
    for (int i = 0; i < config.layers; ++i)
        decoder.blocks.push_back(allocate_block(config, options));
    decoder.final_norm = empty_weights({config.d_model}, options);
    decoder.unembedding = empty_weights({config.embedding_size, config.d_model}, options);
    return parameters;
}

std::vector<NamedParameter> named_parameters(const Parameters& parameters,
                                             const ModelConfig& config) {
    NameList names;
    name_vision(names, parameters.vision, config.vision);
    name_connector(names, parameters.connector);
    const DecoderWeights& decoder = parameters.decoder;
    names.add_matrix("model.transformer.wte.embedding",
                     decoder.embedding.narrow(0, 0, config.embedding_size));
    names.add_matrix(
        "model.transformer.wte.new_embedding",
        decoder.embedding.narrow(0, config.embedding_size, config.additional_vocab_size));
    for (std::size_t i = 0; i < decoder.blocks.size(); ++i) {
        name_block(names, "model.transformer.blocks." + std::to_string(i) + ".", decoder.blocks[i]);
    }
    names.add_norm("model.transformer.ln_f", decoder.final_norm);
    names.add("model.transformer.ff_out.weight", decoder.unembedding, ParameterKind::matrix,
              {"lm_head.weight"});
    return names.take();
}

bool is_known_unused(const std::string& name, const ModelConfig& config) {
    const std::string prefix = "model.vision_backbone.image_vit.transformer.resblocks.";
    if (name.rfind(prefix, 0) != 0) return false;
    const int block = std::atoi(name.c_str() + prefix.size());
    return block > last_used_block(config.vision) && block < config.vision.layers;
}

}  // namespace decodemeter::molmo
