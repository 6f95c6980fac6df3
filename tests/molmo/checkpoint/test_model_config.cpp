#include <nlohmann/json.hpp>

#include "profiler/molmo/checkpoint/model_config.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/golden_directory.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;
using test::TemporaryDirectory;
using test::write_text;
using Json = nlohmann::json;

namespace {

// As the real checkpoints write them, without the fields that only training reads.
Json molmoe() {
    return Json::parse(R"({
        "activation_type": "swiglu", "additional_vocab_size": 128, "alibi": false, "attention_layer_norm": true,
        "block_type": "moe", "clip_qkv": null, "crop_mode": "overlap-and-resize-c2", "d_model": 2048,
        "embedding_size": 50304, "head_dim": null, "image_padding_embed": "pad_and_partial_pad",
        "image_pooling_2d": "attention-meanq", "image_pooling_h": 2, "image_pooling_w": 2, "image_projector": "mlp",
        "include_bias": false, "layer_norm_eps": 1e-05, "layer_norm_type": "rms", "max_crops": 12,
        "max_position_embeddings": 32768, "mlp_hidden_size": null, "mlp_ratio": 1, "moe_num_experts": 64,
        "moe_top_k": 8, "multi_query_attention": null, "n_heads": 16, "n_kv_heads": null, "n_layers": 16,
        "overlap_margins": [4, 4], "qkv_bias": false, "rope_impl": "llama", "rope_theta": 10000.0,
        "scale_logits": false, "vision_backbone": {"image_default_input_size": [336, 336], "image_emb_dim": 1024,
            "image_head_dim": 64, "image_mlp_activations": "quick_gelu", "image_mlp_dim": 4096,
            "image_model_type": "openai", "image_norm_eps": 1e-05, "image_num_heads": 16,
            "image_num_key_value_heads": 16, "image_num_layers": 23, "image_num_pos": 577, "image_patch_size": 14,
            "image_pos_patch_size": 14, "resize_mode": "default"},
        "vit_layers": [-2, -9], "vocab_size": 50280, "weight_tying": false})");
}

Json molmo_7b_d() {
    return Json::parse(R"({
        "attention_layer_norm": false, "clip_qkv": null, "embedding_size": 152064, "hidden_size": 3584,
        "intermediate_size": 37888, "layer_norm_eps": 1e-06, "layer_norm_type": "rms",
        "max_position_embeddings": 4096, "model_type": "molmo", "norm_after": false, "num_attention_heads": 28,
        "num_hidden_layers": 28, "num_key_value_heads": 4, "qkv_bias": true, "rope_theta": 1000000.0,
        "tie_word_embeddings": false, "use_position_ids": true, "vocab_size": 152064, "weight_tying": false})");
}

ModelConfig read(const Json& config, const std::map<std::string, std::string>& others = {}) {
    TemporaryDirectory directory;
    write_text(directory / "config.json", config.dump());
    for (const auto& [name, text] : others) write_text(directory / name, text);
    return read_model_config(directory.path());
}

template <class Value>
ModelConfig read_with(Json config, const std::string& pointer, const Value& value) {
    config[Json::json_pointer(pointer)] = value;
    return read(config);
}

}  // namespace

TEST_CASE("MolmoE's config.json, in OLMo's names") {
    const ModelConfig config = read(molmoe());
    CHECK(config.d_model == 2048);
    CHECK(config.layers == 16);
    CHECK(config.heads == 16);
    CHECK(config.kv_heads == 16);
    CHECK(config.head_dim == 128);
    CHECK(config.norm_eps == 1e-5);
    CHECK(config.rope_theta == 10000);
    CHECK_FALSE(config.qkv_bias);
    CHECK(config.qk_norm);
    CHECK(config.vocab_size == 50280);
    CHECK(config.embedding_size == 50304);
    CHECK(config.additional_vocab_size == 128);
    CHECK(config.max_positions == 32768);
    CHECK(config.experts == ExpertsConfig{64, 8, 1024});
    CHECK(config.inner == 0);
    CHECK(config.projector_inner == 1024);
    CHECK(config.vision == VisionConfig{});
    CHECK(config.vision.positions() == 577);
    CHECK(config.vision.feature_width() == 2048);
    CHECK(config.image == ImageGeometry{});
    CHECK(config.clean_up_spaces);
    CHECK(config.eos_token_ids.empty());
}

TEST_CASE(
    "7B-D's config.json, in Hugging Face's names, with the vision sizes that its class "
    "hard-codes") {
    const ModelConfig config = read(molmo_7b_d());
    CHECK(config.d_model == 3584);
    CHECK(config.layers == 28);
    CHECK(config.heads == 28);
    CHECK(config.kv_heads == 4);
    CHECK(config.head_dim == 128);
    CHECK(config.kv_width() == 512);
    CHECK(config.norm_eps == 1e-6);
    CHECK(config.rope_theta == 1e6);
    CHECK(config.qkv_bias);
    CHECK_FALSE(config.qk_norm);
    CHECK(config.embedding_size == 152064);
    CHECK(config.max_positions == 4096);
    CHECK_FALSE(config.experts);
    CHECK(config.inner == 18944);
    CHECK(config.projector_inner == 18944);
    CHECK(config.vision == VisionConfig{});
    CHECK(config.image == ImageGeometry{});
    CHECK_FALSE(config.clean_up_spaces);
}

TEST_CASE("The tiny golden models' configs, whose image geometry is another") {
    const ModelConfig experts = read_model_config(test::golden_directory() / "tiny-molmoe");
    CHECK(experts.experts == ExpertsConfig{8, 2, 32});
    CHECK(experts.eos_token_ids == std::vector<int>{1177});
    CHECK(experts.vision.feature_layers == std::vector<int>{2, 0});
    const ModelConfig dense = read_model_config(test::golden_directory() / "tiny-molmo-dense");
    CHECK(dense.inner == 96);
    CHECK(dense.projector_inner == 96);
    CHECK(dense.kv_heads == 2);
    for (const ModelConfig& config : {experts, dense}) {
        CHECK(config.vision.image_size == 96);
        CHECK(config.vision.patches() == 144);
        CHECK(config.image.base_size == 96);
        CHECK(config.image.patch == 8);
        CHECK(config.image.margin == 2);
        CHECK(config.image.max_crops == 6);
        CHECK(config.image.cells() == 36);
    }
}

TEST_CASE("A dense model in OLMo's names has its inner size from mlp_hidden_size") {
    Json json = molmoe();
    json.erase("moe_num_experts");
    json["mlp_hidden_size"] = 37888;
    const ModelConfig config = read(json);
    CHECK_FALSE(config.experts);
    CHECK(config.inner == 18944);
}

TEST_CASE("The files beside config.json are read where they are there") {
    const ModelConfig config =
        read(molmoe(),
             {{"generation_config.json", R"({"eos_token_id": [50279, 3]})"},
              {"tokenizer_config.json", R"({"clean_up_tokenization_spaces": false})"},
              {"preprocessor_config.json", R"({"max_crops": 6, "image_mean": [0.5, 0.25, 0]})"}});
    CHECK(config.eos_token_ids == std::vector<int>{50279, 3});
    CHECK_FALSE(config.clean_up_spaces);
    CHECK(config.image.max_crops == 6);
    CHECK(config.image.mean == std::array{0.5F, 0.25F, 0.0F});
}

TEST_CASE("An impossible size is refused, naming file and field") {
    const auto refused = [](const Json& base, const std::string& pointer, const Json& value,
                            const std::string& why) {
        CAPTURE(pointer, value.dump());
        CHECK_THROWS_AS(read_with(base, pointer, value), InputError);
        CHECK_THROWS_WITH(read_with(base, pointer, value),
                          Catch::Contains("config.json: ") && Catch::Contains(why));
    };
    refused(molmoe(), "/d_model", 0, "d_model: must be an integer from 1");
    refused(molmoe(), "/d_model", -2048, "d_model");
    refused(molmoe(), "/d_model", "2048", "d_model: must be an integer");
    refused(molmoe(), "/d_model", 1e9, "d_model");
    refused(molmoe(), "/n_layers", 1 << 20, "n_layers: must be an integer from 1 to 1024");
    refused(molmoe(), "/n_heads", 17, "n_heads: must divide the width 2048");
    refused(molmoe(), "/n_kv_heads", 5, "n_kv_heads: must divide the query heads 16");
    refused(molmoe(), "/n_heads", 2048, "odd head size");
    refused(molmoe(), "/head_dim", 64, "head_dim: must be d_model / n_heads");
    refused(molmoe(), "/mlp_hidden_size", 2047, "mlp_hidden_size");
    refused(molmoe(), "/mlp_ratio", 1e5, "mlp_ratio");
    refused(molmoe(), "/moe_top_k", 65, "moe_top_k: must be an integer from 1 to 64");
    refused(molmoe(), "/embedding_size", 50000, "embedding_size: must be at least vocab_size");
    refused(molmoe(), "/layer_norm_eps", 0, "layer_norm_eps");
    refused(molmoe(), "/vit_layers", Json::array({-24}),
            "vit_layers[0]: must be an integer from -23 to 22");
    refused(molmoe(), "/vit_layers", Json::array(), "vit_layers: must have 1 to 16 entries");
    refused(molmoe(), "/overlap_margins", Json::array({4, 2}),
            "overlap_margins: must be the same on both sides");
    refused(molmoe(), "/overlap_margins", Json::array({3, 3}), "must be even");
    refused(molmoe(), "/overlap_margins", Json::array({12, 12}),
            "must leave part of a crop uncovered");
    refused(molmoe(), "/vision_backbone/image_num_pos", 576, "image_num_pos: must be 577");
    refused(molmoe(), "/vision_backbone/image_head_dim", 32, "image_num_heads x image_head_dim");
    refused(molmoe(), "/vision_backbone/image_patch_size", 15, "image_patch_size must divide");
    refused(molmoe(), "/vision_backbone/image_default_input_size", Json::array({336, 224}),
            "must be square");
    refused(molmo_7b_d(), "/intermediate_size", 37887, "intermediate_size");
    refused(molmo_7b_d(), "/num_key_value_heads", 0, "num_key_value_heads");
}

TEST_CASE("A config of another architecture is refused, naming the field") {
    const auto refused = [](const std::string& field, const Json& value) {
        CAPTURE(field);
        CHECK_THROWS_WITH(
            read_with(molmoe(), "/" + field, value),
            Catch::Contains(field.substr(field.find('/') + 1)) && Catch::Contains("for a Molmo"));
    };
    refused("model_type", "llama");
    refused("block_type", "llama");
    refused("clip_qkv", 8.0);
    refused("activation_type", "gelu");
    refused("rope_impl", "cockatoo");
    refused("image_pooling_2d", "stack");
    refused("image_pooling_h", 3);
    for (const double beyond_int : {2147483648.0, -1e18, 1e305})
        refused("image_pooling_h", beyond_int);
    refused("weight_tying", true);
    refused("multi_query_attention", true);
    refused("norm_after", true);
    refused("vision_backbone/image_model_type", "siglip");
    CHECK_THROWS_WITH(read(Json::object()),
                      Catch::Contains("neither d_model (MolmoE's dialect) nor hidden_size"));
}

TEST_CASE("A preprocessor for other images than the vision tower's is refused") {
    const auto refused = [](const std::string& text, const std::string& why) {
        CHECK_THROWS_WITH(read(molmoe(), {{"preprocessor_config.json", text}}),
                          Catch::Contains("preprocessor_config.json: ") && Catch::Contains(why));
    };
    refused(R"({"base_image_input_size": [224, 224]})", "must be the vision tower's, 336 and 14");
    refused(R"({"image_token_length_h": 11})", "image_token_length_h: must be");
    refused(R"({"image_mean": [0.5]})", "image_mean: must have three entries");
    refused(R"({"image_std": [0, 1, 1]})", "image_std[0]");
    refused(R"({"max_crops": 0})", "max_crops");
}

TEST_CASE("A directory without a config.json is refused") {
    TemporaryDirectory directory;
    CHECK_THROWS_WITH(read_model_config(directory.path()),
                      Catch::Contains("config.json: no such file"));
}
