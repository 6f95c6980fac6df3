#include "profiler/molmo/implementation.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>
#include <torch/version.h>

#include "profiler/molmo/checkpoint/built_in_models.hpp"
#include "profiler/molmo/model_description.hpp"
#include "profiler/molmo/network/connector.hpp"
#include "profiler/molmo/network/crops.hpp"
#include "profiler/molmo/network/vision_tower.hpp"
#include "profiler/molmo/network/weight_loader.hpp"
#include "profiler/molmo/text/token_layout.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/invalid_argument.hpp"
#include "profiler/torch_device/torch_device.hpp"

namespace decodemeter::molmo {

namespace {

template <class Work>
auto stage(StageObserver& observer, Stage which, const Work& work) {
    observer.begin(which);
    auto result = work();
    observer.end(which);
    return result;
}

}  // namespace

std::string_view to_string(Precision precision) noexcept {
    return precision == Precision::float32 ? "float32" : "bfloat16";
}

at::Tensor Molmo::Implementation::to_device(const std::vector<std::int64_t>& values) const {
    return at::from_blob(const_cast<std::int64_t*>(values.data()),
                         {static_cast<std::int64_t>(values.size())}, at::kLong)
        .to(device, at::kLong, /*non_blocking=*/false, /*copy=*/true);
}

void Molmo::Implementation::add_image(PreparedInput& input, const Request& request,
                                      std::vector<std::int64_t>& image_ids) const {
    const Image& image = *request.image;
    const ImageGeometry& geometry = config.image;
    const Tiling tiling =
        request.tier ? choose_tiling(*request.tier, image.height, image.width, request.max_crops)
                     : choose_tiling(geometry, image.height, image.width, request.max_crops);
    const CropPlan plan = plan_crops(geometry, tiling, image.height, image.width);
    input.facts.image_size = {image.height, image.width};
    input.facts.tiling = {tiling.rows, tiling.columns};
    input.facts.crops = tiling.crops();
    input.crops = make_crops(image, geometry, plan).to(options());
    std::vector<float> masks = image_masks(geometry, plan);
    input.masks = at::from_blob(masks.data(), {tiling.crops(), geometry.patches()}, at::kFloat)
                      .to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    std::vector<std::int64_t> cells;
    std::vector<std::int64_t> positions;
    const std::vector<std::int32_t> index = image_input_idx(geometry, tiling, 1);
    for (std::size_t cell = 0; cell < index.size(); ++cell) {
        if (index[cell] < 0) continue;
        cells.push_back(static_cast<std::int64_t>(cell));
        positions.push_back(index[cell]);
    }
    input.feature_cells = to_device(cells);
    input.feature_positions = to_device(positions);
    input.facts.vision_tokens = static_cast<int>(positions.size());
    image_ids = image_token_ids(geometry, tiling, tokenizer.image_tokens());
}

std::shared_ptr<const PreparedInput> Molmo::prepare(const Request& request,
                                                    StageObserver& observer) const {
    const c10::InferenceMode guard;
    return stage(observer, Stage::preprocess, [&] {
        const Implementation& self = *implementation_;
        auto input = std::make_shared<PreparedInput>();
        std::vector<std::int64_t> image_ids;
        if (request.image) self.add_image(*input, request, image_ids);
        const auto ids = input_ids(self.tokenizer.bos_id(), image_ids,
                                   self.tokenizer.encode(prompt_text(request.prompt)));
        input->token_ids = self.to_device(ids);
        input->facts.prompt_tokens = static_cast<int>(ids.size());
        input->facts.text_tokens = input->facts.prompt_tokens - input->facts.vision_tokens;
        return std::shared_ptr<const PreparedInput>(std::move(input));
    });
}

const InputFacts& Molmo::facts(const PreparedInput& input) noexcept { return input.facts; }

void Molmo::Implementation::make_room(std::int64_t positions, std::size_t blocks) {
    if (positions > config.max_positions) {
        throw InputError(c10::str("prompt and answer take ", positions,
                                  " positions, more than the model's ", config.max_positions,
                                  "; shorten the prompt, lower max_crops or max_new_tokens"));
    }
    cache.prepare(static_cast<std::int64_t>(blocks), config.kv_heads, positions, config.head_dim,
                  options());
    constexpr std::int64_t granule = 4096;
    if (!rotary.cosine.defined() || rotary.cosine.size(0) < positions) {
        rotary = make_rotary_table((positions + granule - 1) / granule * granule, config.head_dim,
                                   config.rope_theta, device);
    }
}

// Image features are added to the embedding of <im_patch>, not put in its place.
at::Tensor Molmo::Implementation::embed(const PreparedInput& input,
                                        const at::Tensor& features) const {
    at::Tensor x = at::embedding(parameters.decoder.embedding, input.token_ids);
    if (features.defined()) {
        x.index_add_(0, input.feature_positions,
                     features.flatten(0, 1).index_select(0, input.feature_cells));
    }
    return x;
}

at::Tensor Molmo::Implementation::next_token(const at::Tensor& x) const {
    return at::argmax(unembed(final_hidden(x, parameters.decoder, config), parameters.decoder), -1);
}

std::int64_t Molmo::Implementation::eos_id() const {
    return config.eos_token_ids.empty() ? tokenizer.eos_id() : config.eos_token_ids.front();
}

DecoderKnobs Molmo::Implementation::resolve(const Knobs& knobs) const {
    Knobs resolved = resolve_knobs(config, name, knobs);
    return {resolved.top_k, std::move(resolved.active_blocks)};
}

Generation Molmo::generate(const PreparedInput& input, const GenerateOptions& options,
                           StageObserver& observer) {
    const c10::InferenceMode guard;
    Implementation& self = *implementation_;
    const DecoderKnobs knobs = self.resolve(options.knobs);
    if (options.max_new_tokens < 1) throw InvalidArgument("max_new_tokens", ": give at least 1");
    const std::int64_t prompt = input.facts.prompt_tokens;
    self.make_room(prompt + options.max_new_tokens, knobs.active_blocks.size());
    const auto run_blocks_from = [&](const at::Tensor& x, std::int64_t first) {
        return run_blocks(x, first, self.parameters.decoder, self.config, knobs, self.rotary,
                          self.cache);
    };

    Generation generation;
    generation.active_blocks = knobs.active_blocks;
    generation.top_k = knobs.top_k;
    generation.tokens.reserve(static_cast<std::size_t>(options.max_new_tokens));
    observer.begin(Stage::generate);
    at::Tensor features;
    if (input.crops.defined()) {
        const at::Tensor patches = stage(observer, Stage::vision_encoder, [&] {
            return encode_crops(input.crops, self.parameters.vision, self.config.vision);
        });
        features = stage(observer, Stage::projector, [&] {
            return connect(patches, input.masks, self.parameters.connector, self.config.vision);
        });
    }
    if (options.extent == Extent::vision) {
        observer.end(Stage::generate);
        return generation;
    }
    at::Tensor token = stage(observer, Stage::prefill, [&] {
        return self.next_token(
            run_blocks_from(self.embed(input, features), 0).narrow(0, prompt - 1, 1));
    });
    if (options.extent == Extent::prefill) {
        observer.end(Stage::generate);
        return generation;
    }
    for (int step = 0;; ++step) {
        generation.tokens.push_back(token.item<std::int64_t>());
        observer.step_edge(step);
        generation.ends_with_eos = options.stop_at_eos && generation.tokens.back() == self.eos_id();
        if (generation.ends_with_eos || step + 1 == options.max_new_tokens) break;
        token = stage(observer, Stage::decode_step, [&] {
            const at::Tensor x = at::embedding(self.parameters.decoder.embedding, token);
            return self.next_token(run_blocks_from(x, prompt + step));
        });
    }
    observer.end(Stage::generate);
    return generation;
}

namespace {

Tokenizer read_tokenizer(const std::filesystem::path& file, const ModelConfig& config) {
    Tokenizer tokenizer = Tokenizer::read(file);
    const std::int64_t rows = std::int64_t{config.embedding_size} + config.additional_vocab_size;
    if (tokenizer.size() > rows)
        throw InputError(c10::str(file.string(), ": has token id ", tokenizer.size() - 1,
                                  ", but the embedding in config.json has ", rows,
                                  " rows; the two files are not of one model"));
    return tokenizer;
}

}  // namespace

Molmo Molmo::load(const std::filesystem::path& directory, const ModelOptions& options) {
    const c10::InferenceMode guard;
    const ModelDescription description = describe_snapshot(directory, options);
    auto implementation = std::make_unique<Implementation>(
        description.config, read_tokenizer(directory / "tokenizer.json", description.config));
    Implementation& self = *implementation;
    self.take(description, options);
    const Checkpoint checkpoint = Checkpoint::open(directory);
    self.parameters = allocate_parameters(self.config, self.options());
    const LoadReport report = load_parameters(checkpoint, directory.string(), self.parameters,
                                              self.config, options.progress);
    for (const std::string& tensor : report.unused)
        self.warnings.push_back(directory.string() + ": nothing uses tensor " + tensor);
    for (const std::string& tensor : report.not_finite)
        self.warnings.push_back(directory.string() + ": " + tensor +
                                " holds NaN or infinite values; answers will be meaningless");
    return Molmo(std::move(implementation));
}

Molmo Molmo::built_in(std::string_view name, const ModelOptions& options) {
    const c10::InferenceMode guard;
    const ModelDescription description = describe_built_in(name, options);
    auto implementation =
        std::make_unique<Implementation>(description.config, Tokenizer::byte_level());
    Implementation& self = *implementation;
    self.take(description, options);
    self.parameters = allocate_parameters(self.config, self.options());
    fill_random(self.parameters, self.config, options.seed, options.progress);
    return Molmo(std::move(implementation));
}

void Molmo::Implementation::take(const ModelDescription& description,
                                 const ModelOptions& model_options) {
    if (model_options.threads > 0) at::set_num_threads(model_options.threads);
    device = open_device(model_options.device);
    precision = description.precision;
    name = description.name;
    weights_source = description.weights_source;
}

Molmo::Molmo(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Molmo::Molmo(Molmo&&) noexcept = default;
Molmo& Molmo::operator=(Molmo&&) noexcept = default;
Molmo::~Molmo() = default;

const std::vector<std::string>& Molmo::built_in_names() { return built_in_model_names(); }
const ModelConfig& Molmo::config() const noexcept { return implementation_->config; }
const Tokenizer& Molmo::tokenizer() const noexcept { return implementation_->tokenizer; }
Precision Molmo::precision() const noexcept { return implementation_->precision; }
const std::string& Molmo::name() const noexcept { return implementation_->name; }
const std::string& Molmo::weights_source() const noexcept {
    return implementation_->weights_source;
}
const std::vector<std::string>& Molmo::warnings() const noexcept {
    return implementation_->warnings;
}
int Molmo::threads() const noexcept { return at::get_num_threads(); }
std::int64_t Molmo::weight_bytes() const {
    std::int64_t bytes = 0;
    for (const NamedParameter& named :
         named_parameters(implementation_->parameters, implementation_->config)) {
        bytes += static_cast<std::int64_t>(named.tensor.nbytes());
    }
    return bytes;
}
std::string Molmo::torch_version() { return TORCH_VERSION; }
std::string Molmo::torch_cuda_fault() { return decodemeter::torch_cuda_fault(); }
std::filesystem::path Molmo::torch_library_folder() { return decodemeter::torch_library_folder(); }
std::int64_t Molmo::eos_id() const noexcept { return implementation_->eos_id(); }
void Molmo::check(const Knobs& knobs) const { implementation_->resolve(knobs); }
std::optional<CudaStream> Molmo::stream_on(const std::string& device) {
    const at::Device opened = open_device(device);
    if (opened.is_cpu()) return std::nullopt;
    return CudaStream{current_stream_handle(opened)};
}
void Molmo::synchronize() const { synchronize_device(implementation_->device); }
std::int64_t Molmo::device_allocations() const {
    return decodemeter::device_allocations(implementation_->device);
}
bool Molmo::empty_cache() const {
    empty_device_cache(implementation_->device);
    return !implementation_->device.is_cpu();
}

}  // namespace decodemeter::molmo
