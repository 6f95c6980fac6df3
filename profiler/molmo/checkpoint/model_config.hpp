// The sizes of a Molmo, from the config files of a Hugging Face snapshot.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "profiler/molmo/image/image_geometry.hpp"

namespace decodemeter::molmo {

// A mixture of experts in each block; `top_k` is what the model was trained with.
struct ExpertsConfig {
    int experts = 0;
    int top_k = 0;
    int inner = 0;  // rows of each expert's gate and up projection

    bool operator==(const ExpertsConfig&) const = default;
};

struct VisionConfig {
    int width = 1024;
    int heads = 16;  // of the tower and of the pooling
    int head_dim = 64;
    int inner = 4096;
    int layers = 23;  // blocks in the checkpoint
    std::vector<int> feature_layers = {
        21, 14};  // whose outputs are concatenated, in this order; from 0
    int patch = 14;
    int image_size = 336;
    double norm_eps = 1e-5;

    int patches() const noexcept { return (image_size / patch) * (image_size / patch); }
    int positions() const noexcept { return patches() + 1; }  // the class token included
    int feature_width() const noexcept { return width * static_cast<int>(feature_layers.size()); }

    bool operator==(const VisionConfig&) const = default;
};

struct ModelConfig {
    int d_model = 0;
    int layers = 0;
    int heads = 0;
    int kv_heads = 0;
    int head_dim = 0;
    double norm_eps = 1e-5;
    double rope_theta = 10000;
    bool qkv_bias = false;
    bool qk_norm = false;           // RMSNorm over the whole query and key vectors
    int vocab_size = 0;             // ids that the tokenizer knows
    int embedding_size = 0;         // rows of wte.embedding and of the unembedding
    int additional_vocab_size = 0;  // rows of wte.new_embedding
    int max_positions = 0;
    std::optional<ExpertsConfig> experts;  // none: dense
    int inner = 0;                         // of the dense feed-forward; 0 with experts
    int projector_inner = 0;
    VisionConfig vision;
    ImageGeometry image;
    bool clean_up_spaces = false;    // decoded text loses the space before punctuation
    std::vector<int> eos_token_ids;  // of generation_config.json; often empty

    int q_width() const noexcept { return heads * head_dim; }
    int kv_width() const noexcept { return kv_heads * head_dim; }

    bool operator==(const ModelConfig&) const = default;
};

// Reads config.json, in MolmoE's dialect (OLMo's names) or in 7B-D's (Hugging Face's names, with
// the vision sizes that its class hard-codes as defaults), and preprocessor_config.json,
// generation_config.json and tokenizer_config.json where they are there. Throws InputError, naming
// file and field, for a value that is impossible or that stands for an architecture other than
// Molmo's.
ModelConfig read_model_config(const std::filesystem::path& directory);

}  // namespace decodemeter::molmo
