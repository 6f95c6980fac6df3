#include "profiler/molmo/checkpoint/config_requirements.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace decodemeter::molmo {

namespace {

// The only value of a field that is implemented, as JSON text. Missing fields and nulls pass: their
// defaults are these.
struct Requirement {
    const char* field;
    std::string_view value;
};

constexpr std::array decoder_requirements = {
    Requirement{"activation_type", "swiglu"},
    Requirement{"alibi", "false"},
    Requirement{"always_start_with_space", "true"},
    Requirement{"attention_layer_norm_with_affine", "true"},
    Requirement{"attn_logit_softcapping", "null"},
    Requirement{"block_group_size", "1"},
    Requirement{"clip_qkv", "null"},
    Requirement{"crop_mode", "overlap-and-resize-c2"},
    Requirement{"final_logit_softcapping", "null"},
    Requirement{"image_padding_embed", "pad_and_partial_pad"},
    Requirement{"image_pooling_2d", "attention-meanq"},
    Requirement{"image_pooling_h", "2"},
    Requirement{"image_pooling_w", "2"},
    Requirement{"image_projector", "mlp"},
    Requirement{"include_bias", "false"},
    Requirement{"layer_norm_type", "rms"},
    Requirement{"layer_norm_with_affine", "true"},
    Requirement{"message_formatting", "role"},
    Requirement{"model_type", "molmo"},
    Requirement{"moe_dropless", "true"},
    Requirement{"moe_interleave", "false"},
    Requirement{"moe_shared_expert", "false"},
    Requirement{"multi_query_attention", "false"},
    Requirement{"norm_after", "false"},
    Requirement{"normalize_input_embeds", "false"},
    Requirement{"rope", "true"},
    Requirement{"rope_full_precision", "true"},
    Requirement{"rope_impl", "llama"},
    Requirement{"scale_logits", "false"},
    Requirement{"tie_word_embeddings", "false"},
    Requirement{"use_cls_feature", "false"},
    Requirement{"use_col_tokens", "true"},
    Requirement{"use_position_ids", "true"},
    Requirement{"weight_tying", "false"},
};

constexpr std::array vision_requirements = {
    Requirement{"image_mlp_activations", "quick_gelu"},
    Requirement{"image_model_type", "openai"},
    Requirement{"resize_mode", "default"},
};

// The range comes first: a conversion of what an int cannot hold is undefined.
std::string whole_or_decimal(double number) {
    constexpr double largest = std::numeric_limits<int>::max();
    const bool whole = std::abs(number) <= largest && number == std::trunc(number);
    return whole ? std::to_string(static_cast<int>(number)) : std::to_string(number);
}

std::string text_of(const JsonValue& value) {
    if (value.is_string()) return std::string(value.string());
    if (value.is_boolean()) return value.boolean() ? "true" : "false";
    if (value.is_number()) {
        constexpr double largest = std::numeric_limits<double>::max();
        return whole_or_decimal(value.number(-largest, largest));
    }
    return "an array or object";
}

template <std::size_t count>
void check(const JsonValue& json, const std::array<Requirement, count>& requirements) {
    for (const Requirement& requirement : requirements) {
        const auto value = json.find(requirement.field);
        if (value && text_of(*value) != requirement.value) {
            value->fail("must be " + std::string(requirement.value) + " for a Molmo");
        }
    }
}

// "sequential" is the dense block.
void check_block_type(const JsonValue& config) {
    const auto block = config.find("block_type");
    if (!block) return;
    const std::string type = text_of(*block);
    if (type != "moe" && type != "sequential") block->fail("must be moe or sequential for a Molmo");
}

void check_vision_heads(const JsonValue& vision) {
    const auto kv_heads = vision.find("image_num_key_value_heads");
    const auto heads = vision.find("image_num_heads");
    if (kv_heads && heads && text_of(*kv_heads) != text_of(*heads))
        kv_heads->fail("must be image_num_heads");
}

}  // namespace

void check_architecture(const JsonValue& config) {
    check(config, decoder_requirements);
    check_block_type(config);
    if (const auto vision = config.find("vision_backbone")) {
        check(*vision, vision_requirements);
        check_vision_heads(*vision);
    }
}

}  // namespace decodemeter::molmo
