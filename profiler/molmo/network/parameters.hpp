// The model's weights, and the names that a checkpoint gives them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "profiler/molmo/checkpoint/model_config.hpp"
#include "profiler/molmo/network/mixture_of_experts.hpp"

namespace decodemeter::molmo {

struct LinearWeights {
    at::Tensor weight;  // [out, in]
    at::Tensor bias;    // [out], or undefined
};

struct DecoderBlockWeights {
    at::Tensor attn_norm;   // [d]
    LinearWeights qkv;      // [(heads + 2 kv_heads) * head_dim, d]: rows of q, then k, then v
    at::Tensor qk_norm;     // [2, d]: q's weights, then k's; undefined without them
    at::Tensor attn_out;    // [d, d]
    at::Tensor ff_norm;     // [d]
    ExpertWeights experts;  // undefined in a dense model
    at::Tensor
        up_gate;      // [2 * inner, d]: up rows, then gate rows; undefined in a mixture of experts
    at::Tensor down;  // [d, inner]
};

struct DecoderWeights {
    at::Tensor embedding;  // [embedding_size + additional_vocab_size, d]
    std::vector<DecoderBlockWeights> blocks;
    at::Tensor final_norm;   // [d]
    at::Tensor unembedding;  // [vocabulary, d]
};

struct VisionBlockWeights {
    at::Tensor attention_norm_weight;  // [width]
    at::Tensor attention_norm_bias;    // [width]
    LinearWeights qkv;                 // [3 * width, width]: rows of q, then k, then v
    LinearWeights out;                 // [width, width]
    at::Tensor ffn_norm_weight;        // [width]
    at::Tensor ffn_norm_bias;          // [width]
    LinearWeights w1;                  // [mlp, width]
    LinearWeights w2;                  // [width, mlp]
};

struct VisionWeights {
    at::Tensor
        patch_embedding;  // [width, patch * patch * 3], input in (row, column, channel) order
    at::Tensor class_embedding;       // [width]
    at::Tensor positional_embedding;  // [patches + 1, width], row 0 is the class token's
    at::Tensor pre_norm_weight;
    at::Tensor pre_norm_bias;
    std::vector<VisionBlockWeights> blocks;  // up to the last one whose output is used
};

struct ConnectorWeights {
    at::Tensor pad_embed;  // [2, 2 * width]
    LinearWeights query;
    LinearWeights key;
    LinearWeights value;
    LinearWeights out;
    at::Tensor w1;  // projector: [inner, width]
    at::Tensor w2;  // [d, inner]
    at::Tensor w3;  // [inner, width]
};

struct Parameters {
    VisionWeights vision;
    ConnectorWeights connector;
    DecoderWeights decoder;
};

// How random values of a tensor are drawn.
enum class ParameterKind { matrix, norm_weight, bias };

struct NamedParameter {
    std::string name;                  // as in a Hugging Face checkpoint
    std::vector<std::string> aliases;  // other names that checkpoints use for it
    at::Tensor tensor;                 // a view into Parameters
    ParameterKind kind;
};

// Uninitialized weights of the sizes that `config` says.
Parameters allocate_parameters(const ModelConfig& config, const at::TensorOptions& options);

// Every tensor that a checkpoint of `config` holds and the model uses.
std::vector<NamedParameter> named_parameters(const Parameters& parameters,
                                             const ModelConfig& config);

// A checkpoint's tensors that the model has no use for: the blocks of the vision tower behind the
// last output used.
bool is_known_unused(const std::string& name, const ModelConfig& config);

// Fills all weights from `seed`: the same values on every device and in every order of filling.
// `progress` gets bytes done and in all.
void fill_random(const Parameters& parameters, const ModelConfig& config, std::uint64_t seed,
                 const std::function<void(std::int64_t, std::int64_t)>& progress);

}  // namespace decodemeter::molmo
