#include "profiler/molmo/checkpoint/model_config.hpp"

#include <limits>
#include <string>

#include "profiler/molmo/checkpoint/config_requirements.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter::molmo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t file_limit_bytes = 1 << 20;
// Far beyond any Molmo, and small enough that products of two sizes stay below 2^63.
constexpr int max_width = 1 << 17;
constexpr int max_layers = 1024;
constexpr int max_heads = 4096;
constexpr int max_rows = 1 << 24;

int size_at(const JsonValue& json, const char* field, int maximum) {
    return json.at(field).small_integer(1, maximum);
}

int size_or(const JsonValue& json, const char* field, int maximum, int otherwise) {
    const auto value = json.find(field);
    return value ? value->small_integer(1, maximum) : otherwise;
}

double positive_or(const JsonValue& json, const char* field, double maximum, double otherwise) {
    const auto value = json.find(field);
    return value ? value->number(std::numeric_limits<double>::min(), maximum) : otherwise;
}

bool flag_or(const JsonValue& json, const char* field, bool otherwise) {
    const auto value = json.find(field);
    return value ? value->boolean() : otherwise;
}

int divide(const JsonValue& field, int whole, int parts, const char* of_what) {
    if (parts < 1 || whole % parts != 0)
        field.fail("must divide " + std::string(of_what) + " " + std::to_string(whole));
    return whole / parts;
}

// What both dialects call by the same name.
void read_common(const JsonValue& json, ModelConfig& config) {
    config.norm_eps = positive_or(json, "layer_norm_eps", 1, 1e-5);
    config.rope_theta = positive_or(json, "rope_theta", 1e12, 10000);
    config.qkv_bias = flag_or(json, "qkv_bias", false);
    config.qk_norm = flag_or(json, "attention_layer_norm", false);
    config.vocab_size = size_at(json, "vocab_size", max_rows);
    config.embedding_size = size_or(json, "embedding_size", max_rows, config.vocab_size);
    if (config.embedding_size < config.vocab_size) {
        json.at("embedding_size")
            .fail("must be at least vocab_size " + std::to_string(config.vocab_size));
    }
    config.additional_vocab_size = size_or(json, "additional_vocab_size", max_rows, 128);
    config.max_positions = size_or(json, "max_position_embeddings", max_rows, 4096);
}

void set_heads(const JsonValue& json, const char* heads, const char* kv_heads,
               ModelConfig& config) {
    config.heads = size_at(json, heads, max_heads);
    config.head_dim = divide(json.at(heads), config.d_model, config.heads, "the width");
    if (config.head_dim % 2 != 0)
        json.at(heads).fail("leaves an odd head size, which RoPE cannot halve");
    config.kv_heads = size_or(json, kv_heads, max_heads, config.heads);
    if (config.kv_heads != config.heads)
        divide(json.at(kv_heads), config.heads, config.kv_heads, "the query heads");
}

// OLMo counts gate and up together as one hidden size.
int halved(const JsonValue& field, double hidden) {
    if (!(hidden >= 2 && hidden <= 2.0 * max_rows) || hidden / 2 != static_cast<int>(hidden / 2)) {
        field.fail("gives a hidden size that is no even number from 2 to " +
                   std::to_string(2 * max_rows));
    }
    return static_cast<int>(hidden / 2);
}

int olmo_inner(const JsonValue& json, int d_model) {
    if (const auto hidden = json.find("mlp_hidden_size"))
        return halved(*hidden, hidden->number(0, 1e12));
    const JsonValue ratio = json.at("mlp_ratio");
    return halved(ratio, ratio.number(0, 1e6) * d_model);
}

void read_olmo(const JsonValue& json, ModelConfig& config) {
    config.d_model = size_at(json, "d_model", max_width);
    config.layers = size_at(json, "n_layers", max_layers);
    set_heads(json, "n_heads", "n_kv_heads", config);
    if (const auto head_dim = json.find("head_dim")) {
        if (head_dim->small_integer(1, max_width) != config.head_dim)
            head_dim->fail("must be d_model / n_heads");
    }
    const int inner = olmo_inner(json, config.d_model);
    config.projector_inner = inner;
    config.clean_up_spaces = true;
    if (const auto experts = json.find("moe_num_experts")) {
        const int count = experts->small_integer(1, max_heads);
        config.experts = ExpertsConfig{count, size_at(json, "moe_top_k", count), inner};
    } else {
        config.inner = inner;
    }
}

void read_hugging_face(const JsonValue& json, ModelConfig& config) {
    config.d_model = size_at(json, "hidden_size", max_width);
    config.layers = size_at(json, "num_hidden_layers", max_layers);
    set_heads(json, "num_attention_heads", "num_key_value_heads", config);
    const JsonValue hidden = json.at("intermediate_size");
    config.inner = halved(hidden, static_cast<double>(hidden.integer(1, 2 * max_rows)));
    config.projector_inner = config.inner;
}

void read_vision(const JsonValue& json, VisionConfig& vision) {
    vision.width = size_or(json, "image_emb_dim", max_width, vision.width);
    vision.heads = size_or(json, "image_num_heads", max_heads, vision.heads);
    vision.head_dim = size_or(json, "image_head_dim", max_width, vision.head_dim);
    if (vision.heads * static_cast<std::int64_t>(vision.head_dim) != vision.width) {
        json.fail("image_num_heads x image_head_dim must be image_emb_dim " +
                  std::to_string(vision.width));
    }
    vision.inner = size_or(json, "image_mlp_dim", max_rows, vision.inner);
    vision.layers = size_or(json, "image_num_layers", max_layers, vision.layers);
    vision.norm_eps = positive_or(json, "image_norm_eps", 1, vision.norm_eps);
    vision.patch = size_or(json, "image_patch_size", 4096, vision.patch);
    if (const auto size = json.find("image_default_input_size")) {
        const auto sides = size->elements();
        if (sides.size() != 2) size->fail("must have two sides");
        vision.image_size = sides[0].small_integer(1, 1 << 14);
        if (sides[1].small_integer(1, 1 << 14) != vision.image_size) size->fail("must be square");
    }
    if (vision.image_size % vision.patch != 0)
        json.fail("image_patch_size must divide image_default_input_size");
    if (size_or(json, "image_num_pos", max_rows, vision.positions()) != vision.positions()) {
        json.at("image_num_pos")
            .fail("must be " + std::to_string(vision.positions()) +
                  ", patches and the class token");
    }
}

// "vit_layers" are indices into the block outputs, negative ones from the end.
void read_feature_layers(const JsonValue& json, VisionConfig& vision) {
    if (const auto layers = json.find("vit_layers")) {
        vision.feature_layers.clear();
        for (const JsonValue& layer : layers->elements()) {
            const int index = layer.small_integer(-vision.layers, vision.layers - 1);
            vision.feature_layers.push_back(index < 0 ? index + vision.layers : index);
        }
        if (vision.feature_layers.empty() || vision.feature_layers.size() > 16)
            layers->fail("must have 1 to 16 entries");
        return;
    }
    for (const int layer : vision.feature_layers) {
        if (layer >= vision.layers)
            json.fail("has no vit_layers, and too few vision blocks for the usual ones");
    }
}

int both_sides(const JsonValue& pair, int minimum, int maximum) {
    const auto sides = pair.elements();
    if (sides.size() != 2) pair.fail("must have two entries");
    const int first = sides[0].small_integer(minimum, maximum);
    if (sides[1].small_integer(minimum, maximum) != first)
        pair.fail("must be the same on both sides");
    return first;
}

void read_channels(const JsonValue& json, const char* field, double minimum,
                   std::array<float, 3>& channels) {
    const auto values = json.find(field);
    if (!values) return;
    const auto elements = values->elements();
    if (elements.size() != channels.size()) values->fail("must have three entries");
    for (std::size_t i = 0; i < channels.size(); ++i)
        channels[i] = static_cast<float>(elements[i].number(minimum, 10));
}

// Fields that both config.json and preprocessor_config.json may have.
void read_cropping(const JsonValue& json, ImageGeometry& image) {
    image.max_crops = size_or(json, "max_crops", 256, image.max_crops);
    if (const auto margins = json.find("overlap_margins"))
        image.margin = both_sides(*margins, 0, 4096);
}

void read_preprocessor(const JsonValue& json, ImageGeometry& image) {
    read_cropping(json, image);
    if (const auto size = json.find("base_image_input_size"))
        image.base_size = both_sides(*size, 1, 1 << 14);
    image.patch = size_or(json, "image_patch_size", 4096, image.patch);
    read_channels(json, "image_mean", -10, image.mean);
    read_channels(json, "image_std", 1e-6, image.standard_deviation);
    for (const char* field : {"image_token_length_h", "image_token_length_w"}) {
        const int cells = image.base_size / image.patch / ImageGeometry::pool;
        if (const auto length = json.find(field); length && length->integer(0, 1 << 20) != cells) {
            length->fail("must be base_image_input_size / image_patch_size / 2 = " +
                         std::to_string(cells));
        }
    }
}

void check_geometry(const JsonValue& json, const ModelConfig& config) {
    const ImageGeometry& image = config.image;
    const int side = image.base_size / image.patch;
    if (image.base_size != config.vision.image_size || image.patch != config.vision.patch) {
        json.fail("image and patch size must be the vision tower's, " +
                  std::to_string(config.vision.image_size) + " and " +
                  std::to_string(config.vision.patch));
    }
    if (side % ImageGeometry::pool != 0 || image.margin % ImageGeometry::pool != 0) {
        json.fail("patches per side and overlap margins must be even, for 2x2 pooling");
    }
    if (2 * image.margin >= side) json.fail("overlap_margins must leave part of a crop uncovered");
}

void read_generation(const JsonValue& json, ModelConfig& config) {
    const auto eos = json.find("eos_token_id");
    if (!eos) return;
    const int last = config.embedding_size + config.additional_vocab_size - 1;
    if (!eos->is_array()) {
        config.eos_token_ids = {eos->small_integer(0, last)};
        return;
    }
    for (const JsonValue& id : eos->elements())
        config.eos_token_ids.push_back(id.small_integer(0, last));
}

}  // namespace

ModelConfig read_model_config(const fs::path& directory) {
    const auto document = JsonDocument::read(directory / "config.json", file_limit_bytes);
    const JsonValue json = document->root();
    check_architecture(json);
    ModelConfig config;
    if (json.find("d_model")) {
        read_olmo(json, config);
    } else if (json.find("hidden_size")) {
        read_hugging_face(json, config);
    } else {
        json.fail(
            "has neither d_model (MolmoE's dialect) nor hidden_size (7B-D's), so this is no Molmo");
    }
    read_common(json, config);
    if (const auto vision = json.find("vision_backbone")) read_vision(*vision, config.vision);
    read_feature_layers(json, config.vision);
    config.image.base_size = config.vision.image_size;
    config.image.patch = config.vision.patch;
    read_cropping(json, config.image);
    check_geometry(json, config);

    const auto optional_document = [&](const char* name) {
        const fs::path path = directory / name;
        return fs::exists(path) ? JsonDocument::read(path, file_limit_bytes) : nullptr;
    };
    if (const auto preprocessor = optional_document("preprocessor_config.json")) {
        read_preprocessor(preprocessor->root(), config.image);
        check_geometry(preprocessor->root(), config);
    }
    if (const auto generation = optional_document("generation_config.json"))
        read_generation(generation->root(), config);
    if (const auto tokenizer = optional_document("tokenizer_config.json")) {
        config.clean_up_spaces =
            flag_or(tokenizer->root(), "clean_up_tokenization_spaces", config.clean_up_spaces);
    }
    return config;
}

}  // namespace decodemeter::molmo
