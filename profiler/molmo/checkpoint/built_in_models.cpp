#include "profiler/molmo/checkpoint/built_in_models.hpp"

namespace decodemeter::molmo {

namespace {

ModelConfig molmoe_1b() {
    ModelConfig config;
    config.d_model = 2048;
    config.layers = 16;
    config.heads = config.kv_heads = 16;
    config.head_dim = 128;
    config.norm_eps = 1e-5;
    config.rope_theta = 10000;
    config.qk_norm = true;
    config.vocab_size = 50280;
    config.embedding_size = 50304;
    config.additional_vocab_size = 128;
    config.max_positions = 32768;
    config.experts = ExpertsConfig{64, 8, 1024};
    config.projector_inner = 1024;
    config.clean_up_spaces = true;
    return config;
}

ModelConfig molmo_7b_d() {
    ModelConfig config;
    config.d_model = 3584;
    config.layers = 28;
    config.heads = 28;
    config.kv_heads = 4;
    config.head_dim = 128;
    config.norm_eps = 1e-6;
    config.rope_theta = 1e6;
    config.qkv_bias = true;
    config.vocab_size = config.embedding_size = 152064;
    config.additional_vocab_size = 128;
    config.max_positions = 4096;
    config.inner = 18944;
    config.projector_inner = 18944;
    return config;
}

void shrink(ModelConfig& config) {
    config.d_model = 128;
    config.layers = 16;
    config.heads = 4;
    config.head_dim = 32;
    config.vocab_size = config.embedding_size = 512;
    config.max_positions = 4096;
    config.projector_inner = 128;
    config.vision.width = 48;
    config.vision.heads = 3;
    config.vision.head_dim = 16;
    config.vision.inner = 96;
    config.vision.layers = 4;
    config.vision.feature_layers = {2, 1};
}

ModelConfig tiny_molmoe() {
    ModelConfig config = molmoe_1b();
    shrink(config);
    config.kv_heads = 4;
    config.experts = ExpertsConfig{16, 8, 192};
    return config;
}

ModelConfig tiny_molmo() {
    ModelConfig config = molmo_7b_d();
    shrink(config);
    config.kv_heads = 2;
    config.inner = 1536;
    return config;
}

}  // namespace

const std::vector<std::string>& built_in_model_names() {
    static const std::vector<std::string> names = {"tiny-molmoe", "tiny-molmo", "molmoe-1b",
                                                   "molmo-7b-d"};
    return names;
}

std::optional<ModelConfig> built_in_model(std::string_view name) {
    if (name == "tiny-molmoe") return tiny_molmoe();
    if (name == "tiny-molmo") return tiny_molmo();
    if (name == "molmoe-1b") return molmoe_1b();
    if (name == "molmo-7b-d") return molmo_7b_d();
    return std::nullopt;
}

}  // namespace decodemeter::molmo
