#include "profiler/molmo/verify.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>

#include "profiler/molmo/checkpoint/safetensors.hpp"
#include "profiler/molmo/implementation.hpp"
#include "profiler/molmo/network/connector.hpp"
#include "profiler/molmo/network/crops.hpp"
#include "profiler/molmo/network/vision_tower.hpp"
#include "profiler/molmo/text/token_layout.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter::molmo {

namespace fs = std::filesystem;

namespace {

constexpr double float32_limit = 1e-4;
constexpr std::size_t index_limit_bytes = 64 << 20;

// One run that the golden files describe.
struct Run {
    std::string name;
    std::string image;  // stem; empty: text only
    std::string text;
    Knobs knobs;
    int max_crops = 0;
    double margin = 0;   // smallest distance of the best token from the second best
    std::string prefix;  // of its tensors' names
};

at::Tensor tensor_of(const TensorView& view) {
    const at::ScalarType type = view.dtype == DType::i64   ? at::kLong
                                : view.dtype == DType::i32 ? at::kInt
                                                           : at::kFloat;
    return at::from_blob(const_cast<std::byte*>(view.bytes.data()), view.shape, type).clone();
}

// Compares tensors with those of one golden file and collects the rows.
class Comparison {
public:
    Comparison(const SafetensorsFile& golden, const Run& run, const VerifyOptions& options,
               Verification& result)
        : golden_(golden), run_(run), options_(options), result_(result) {}

    std::optional<at::Tensor> golden(const std::string& stage) const {
        const TensorView* view = golden_.find(run_.prefix + stage);
        return view ? std::optional(tensor_of(*view)) : std::nullopt;
    }

    // Nothing happens for a stage that the golden file leaves out.
    void numbers(const std::string& stage, const at::Tensor& ours) {
        const auto wanted = golden(stage);
        if (!wanted) return;
        StageDifference& row = add(stage);
        const at::Tensor mine = ours.to(at::kCPU, at::kDouble);
        if (mine.sizes() != wanted->sizes()) {
            row.remark = c10::str("shape ", mine.sizes(), ", not ", wanted->sizes());
            return;
        }
        const at::Tensor difference = mine.sub(wanted->to(at::kDouble));
        const double magnitude = wanted->abs().max().item<float>();
        row.largest_absolute = difference.abs().max().item<double>();
        row.largest_relative =
            magnitude > 0 ? row.largest_absolute / magnitude : row.largest_absolute;
        row.rms = std::sqrt(difference.square().mean().item<double>());
        row.limit = float32_limit * std::max(1.0, magnitude);
        // In bfloat16 only the logits are judged, all runs together.
        const bool is_number = !std::isnan(row.largest_absolute);
        row.judged = options_.precision == Precision::float32 || !is_number;
        row.agrees = is_number && (!row.judged || row.largest_absolute <= row.limit);
    }

    void indices(const std::string& stage, const at::Tensor& ours) {
        const auto wanted = golden(stage);
        if (!wanted) return;
        StageDifference& row = add(stage);
        const at::Tensor mine = ours.to(at::kCPU, at::kLong);
        const bool same_shape = mine.sizes() == wanted->sizes();
        row.agrees = same_shape && mine.equal(wanted->to(at::kLong));
        // In bfloat16 a near tie of the router may fall the other way.
        if (options_.precision != Precision::float32 && stage == "router_topk_idx") {
            row.judged = row.agrees;
            row.agrees = same_shape;
        }
        if (!same_shape) row.remark = c10::str("shape ", mine.sizes(), ", not ", wanted->sizes());
    }

    StageDifference& add(const std::string& stage) {
        StageDifference& row = result_.stages.emplace_back();
        row.run = run_.name;
        row.stage = stage;
        return row;
    }

private:
    const SafetensorsFile& golden_;
    const Run& run_;
    const VerifyOptions& options_;
    Verification& result_;
};

std::vector<std::int64_t> integers(const JsonValue& array) {
    std::vector<std::int64_t> values;
    for (const JsonValue& value : array.elements()) values.push_back(value.integer(0, 1 << 30));
    return values;
}

std::vector<Run> runs_of_index(const JsonValue& root, const ModelConfig& config) {
    std::vector<Run> runs;
    for (const JsonValue& entry : root.at("cases").elements()) {
        Run run;
        run.name = entry.at("name").string();
        if (const auto image = entry.find("image")) run.image = image->string();
        run.text = entry.at("text").string();
        run.max_crops = config.image.max_crops;
        run.margin = entry.at("min_top1_margin").number(0, 1e9);
        runs.push_back(std::move(run));
    }
    const auto knobs = root.find("knobs");
    if (!knobs) return runs;
    const std::string base_name(knobs->at("case").string());
    const auto base = std::find_if(runs.begin(), runs.end(),
                                   [&](const Run& run) { return run.name == base_name; });
    if (base == runs.end()) knobs->fail("names a case that is not there");
    const Run base_run = *base;
    for (const JsonValue& entry : knobs->at("runs").elements()) {
        Run run = base_run;
        run.prefix = std::string(entry.at("tag").string()) + ".";
        run.name = "knobs/" + std::string(entry.at("tag").string());
        run.margin = entry.at("min_top1_margin").number(0, 1e9);
        if (const auto top_k = entry.find("top_k"))
            run.knobs.top_k = top_k->small_integer(1, 1 << 20);
        for (const std::int64_t block : integers(entry.at("active_blocks")))
            run.knobs.active_blocks.push_back(static_cast<int>(block));
        if (const auto crops = entry.find("max_crops"))
            run.max_crops = crops->small_integer(1, 1 << 10);
        runs.push_back(std::move(run));
    }
    return runs;
}

void compare_vision(Comparison& compare, const Molmo::Implementation& self,
                    const PreparedInput& input, at::Tensor& features) {
    VisionProbe vision;
    ConnectorProbe connector;
    const at::Tensor patches =
        encode_crops(input.crops, self.parameters.vision, self.config.vision, &vision);
    features =
        connect(patches, input.masks, self.parameters.connector, self.config.vision, &connector);
    compare.numbers("vit_layer0_crop0", vision.first_block.select(0, 0));
    compare.numbers("vit_last_used_layer_crop0", vision.last_used_block.select(0, 0));
    if (const auto chosen = compare.golden("vit_features_crops")) {
        const at::Tensor rows = chosen->to(patches.device(), at::kLong);
        compare.numbers("vit_features", patches.index_select(0, rows));
        compare.numbers("pooled", connector.pooled.index_select(0, rows));
    }
    compare.numbers("pool_query", connector.query.view({patches.size(0), -1, patches.size(2)}));
    compare.numbers("projected", features);
}

void compare_hidden(Comparison& compare, const std::vector<at::Tensor>& inputs,
                    const at::Tensor& final) {
    std::vector<at::Tensor> states = inputs;
    states.push_back(final);
    const at::Tensor all = at::stack(states);
    compare.numbers("hidden_states_all", all);
    compare.numbers("hidden_states_last", all.select(1, all.size(1) - 1));
}

void compare_routing(Comparison& compare, const std::vector<Routing>& routings) {
    if (routings.empty()) return;
    std::vector<at::Tensor> probabilities;
    std::vector<at::Tensor> experts;
    std::vector<at::Tensor> weights;
    for (const Routing& routing : routings) {
        probabilities.push_back(routing.probabilities.select(0, -1));
        experts.push_back(routing.experts);
        weights.push_back(routing.weights);
    }
    compare.numbers("router_probs_last", at::stack(probabilities));
    compare.indices("router_topk_idx", at::stack(experts));
    compare.numbers("router_topk_w", at::stack(weights));
}

void compare_cache(Comparison& compare, const Molmo::Implementation& self, std::size_t blocks,
                   std::int64_t prompt, std::int64_t cached) {
    const at::Tensor positions =
        at::tensor({std::int64_t{0}, prompt - 1, cached - 1}).to(self.device);
    compare.numbers("k_cache_layer0", self.cache.keys(0, cached).index_select(1, positions));
    compare.numbers("v_cache_last_layer",
                    self.cache.values(blocks - 1, cached).index_select(1, positions));
}

// Prefill and decoding with probes, along generate()'s own pieces.
void compare_decoder(Comparison& compare, Molmo::Implementation& self, const PreparedInput& input,
                     const at::Tensor& features, const Run& run, int max_new_tokens) {
    const DecoderKnobs knobs = self.resolve(run.knobs);
    const std::int64_t prompt = input.facts.prompt_tokens;
    self.make_room(prompt + max_new_tokens, knobs.active_blocks.size());
    const auto blocks = [&](const at::Tensor& x, std::int64_t first, DecoderProbe* probe) {
        return run_blocks(x, first, self.parameters.decoder, self.config, knobs, self.rotary,
                          self.cache, probe);
    };
    at::Tensor x = self.embed(input, features);
    if (const auto wanted = compare.golden("embeds")) {
        compare.numbers("embeds", wanted->size(0) < prompt ? x.slice(0, 0, prompt, 4) : x);
    }
    DecoderProbe probe;
    at::Tensor hidden = final_hidden(blocks(x, 0, &probe), self.parameters.decoder, self.config);
    compare_hidden(compare, probe.block_inputs, hidden);
    compare_routing(compare, probe.routings);
    std::vector<at::Tensor> logits = {
        unembed(hidden.narrow(0, prompt - 1, 1), self.parameters.decoder).squeeze(0)};
    compare.numbers("prefill_logits", logits.front());
    const auto wanted = compare.golden("generated_ids");
    if (!wanted) return;
    // The golden answer is fed, so that one early difference is not counted again at every later
    // step.
    const std::int64_t count = wanted->size(0);
    for (std::int64_t j = 1; j < count; ++j) {
        x = self.parameters.decoder.embedding.index_select(
            0, wanted->narrow(0, j - 1, 1).to(self.device));
        hidden =
            final_hidden(blocks(x, prompt + j - 1, nullptr), self.parameters.decoder, self.config);
        logits.push_back(unembed(hidden, self.parameters.decoder).squeeze(0));
    }
    compare.numbers("step_logits", at::stack(logits));
    if (count > 1)
        compare_cache(compare, self, knobs.active_blocks.size(), prompt, prompt + count - 1);
}

void compare_ids(Comparison& compare, Molmo& model, const PreparedInput& input, const Run& run,
                 int max_new_tokens, const VerifyOptions& options, Verification& result) {
    const auto wanted = compare.golden("generated_ids");
    if (!wanted) return;
    NullObserver observer;
    const Generation generation = model.generate(input, {run.knobs, max_new_tokens}, observer);
    const std::int64_t* ids = wanted->const_data_ptr<std::int64_t>();
    const bool equal =
        std::equal(generation.tokens.begin(), generation.tokens.end(), ids, ids + wanted->numel());
    ++result.runs;
    result.runs_with_equal_ids += equal ? 1 : 0;
    StageDifference& row = compare.add("generated_ids");
    row.judged = equal || (options.precision == Precision::float32 && run.margin > float32_limit);
    row.agrees = equal || !row.judged;
    if (!equal) row.remark = "ids differ";
}

void compare_crops(const fs::path& prep, const Run& run, const PreparedInput& input,
                   const VerifyOptions& options, Verification& result) {
    if (run.image.empty() || !run.prefix.empty() || !fs::exists(prep)) return;
    const SafetensorsFile golden(prep);
    Comparison compare(golden, run, options, result);
    compare.numbers("crops", input.crops);
    compare.numbers("image_masks", input.masks);
}

void compare_run(Molmo& model, const Run& run, const SafetensorsFile& golden,
                 const fs::path& directory, int max_new_tokens, const VerifyOptions& options,
                 Verification& result) {
    Molmo::Implementation& self = model.implementation();
    Comparison compare(golden, run, options, result);
    Image image;
    Request request;
    if (!run.image.empty()) {
        image = read_image(directory / ".." / "images" / (run.image + ".png"));
        request.image = &image;
    }
    request.prompt = run.text;
    request.max_crops = run.max_crops;
    NullObserver observer;
    const auto input = model.prepare(request, observer);
    compare.indices("input_ids", input->token_ids);
    compare_crops(directory / ".." / "prep" / (run.image + ".golden.safetensors"), run, *input,
                  options, result);
    at::Tensor features;
    if (request.image) {
        std::vector<std::int32_t> index =
            image_input_idx(self.config.image, {input->facts.tiling[0], input->facts.tiling[1]}, 1);
        compare.indices(
            "image_input_idx",
            at::from_blob(index.data(), {input->facts.crops, self.config.image.cells()}, at::kInt));
        compare_vision(compare, self, *input, features);
    }
    compare_decoder(compare, self, *input, features, run, max_new_tokens);
    compare_ids(compare, model, *input, run, max_new_tokens, options, result);
}

double overall_logits_rms(const Verification& result) {
    double sum = 0;
    int count = 0;
    for (const StageDifference& row : result.stages) {
        if (row.stage != "step_logits") continue;
        sum += row.rms * row.rms;
        ++count;
    }
    return count > 0 ? std::sqrt(sum / count) : 0;
}

// Reads a golden file only where it is there: a part of the vectors may have been left out.
std::optional<SafetensorsFile> golden_file(const fs::path& directory, const Run& run) {
    const fs::path path = directory / ((run.prefix.empty() ? run.name : std::string("knobs")) +
                                       ".golden.safetensors");
    if (!fs::exists(path)) return std::nullopt;
    return SafetensorsFile(path);
}

}  // namespace

Verification verify(const fs::path& directory, const VerifyOptions& options) {
    const c10::InferenceMode guard;
    const fs::path index_path = directory / "index.json";
    if (!fs::exists(index_path)) {
        throw InputError(directory.string() +
                         ": has no index.json; verify needs a directory of reference vectors, "
                         "a checkpoint with index.json and <case>.golden.safetensors beside it");
    }
    const auto index = JsonDocument::read(index_path, index_limit_bytes);
    ModelOptions model_options;
    model_options.device = options.device;
    model_options.precision = options.precision;
    Molmo model = Molmo::load(directory, model_options);
    const int max_new_tokens = index->root().at("max_new_tokens").small_integer(1, 1 << 20);
    Verification result;
    for (const Run& run : runs_of_index(index->root(), model.config())) {
        if (const auto golden = golden_file(directory, run))
            compare_run(model, run, *golden, directory, max_new_tokens, options, result);
    }
    if (result.runs == 0)
        throw InputError(directory.string() +
                         ": has none of the golden files that its index.json names");
    result.logits_rms = overall_logits_rms(result);
    const bool stages_agree = std::all_of(result.stages.begin(), result.stages.end(),
                                          [](const auto& row) { return row.agrees; });
    const double bf16_limit = 1.5 * (model.config().experts ? 0.13 : 0.037);
    result.passed = stages_agree &&
                    (options.precision == Precision::float32 || result.logits_rms <= bf16_limit);
    return result;
}

}  // namespace decodemeter::molmo
