#include "profiler/molmo/model_description.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "profiler/molmo/attention_backend.hpp"
#include "profiler/molmo/checkpoint/built_in_models.hpp"
#include "profiler/molmo/network/parameters.hpp"
#include "profiler/molmo/network/weight_loader.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/invalid_argument.hpp"
#include "profiler/torch_device/torch_device.hpp"

namespace decodemeter::molmo {

namespace {

// A GPU runs the same kernels for a tiny model as for a full-size one only in bfloat16.
Precision default_precision(const ModelConfig& config, const at::Device& device) {
    const bool tiny = config.d_model < 1024;
    return tiny && device.is_cpu() ? Precision::float32 : Precision::bfloat16;
}

at::ScalarType dtype_of(Precision precision) {
    return precision == Precision::float32 ? at::kFloat : at::kBFloat16;
}

// Tensors on the meta device have sizes but no memory.
std::int64_t weight_bytes(const ModelConfig& config, Precision precision) {
    const Parameters parameters = allocate_parameters(
        config, at::TensorOptions().dtype(dtype_of(precision)).device(at::kMeta));
    std::int64_t bytes = 0;
    for (const NamedParameter& named : named_parameters(parameters, config))
        bytes += static_cast<std::int64_t>(named.tensor.nbytes());
    return bytes;
}

ModelDescription describe(std::string name, ModelConfig config, std::string weights_source,
                          const ModelOptions& options) {
    const c10::InferenceMode guard;
    if (options.threads < 0)
        throw InvalidArgument("threads", c10::str(" ", options.threads, ": give at least 1"));
    const at::Device device = open_device(options.device);
    ModelDescription description;
    description.name = std::move(name);
    description.precision = options.precision.value_or(default_precision(config, device));
    description.weights_source = std::move(weights_source);
    description.weight_bytes = weight_bytes(config, description.precision);
    description.threads = options.threads > 0 ? options.threads : at::get_num_threads();
    description.attention_backend = chosen_attention_backend(
        config, at::TensorOptions(dtype_of(description.precision)).device(device));
    description.config = std::move(config);
    return description;
}

}  // namespace

ModelDescription describe_snapshot(const std::filesystem::path& directory,
                                   const ModelOptions& options) {
    ModelConfig config = read_model_config(directory);
    std::string name = std::filesystem::absolute(directory / "").parent_path().filename().string();
    const Checkpoint checkpoint = Checkpoint::open(directory);
    std::string weights_source = name + " (" + fingerprint(checkpoint) + ")";
    return describe(std::move(name), std::move(config), std::move(weights_source), options);
}

ModelDescription describe_built_in(std::string_view name, const ModelOptions& options) {
    std::optional<ModelConfig> config = built_in_model(name);
    if (!config)
        throw InvalidArgument("model", c10::str(" ", std::string(name),
                                                ": neither a built-in model nor a directory"));
    return describe(std::string(name), std::move(*config), c10::str("random(", options.seed, ")"),
                    options);
}

Knobs resolve_knobs(const ModelConfig& config, const std::string& name, const Knobs& knobs) {
    Knobs resolved = knobs;
    if (!config.experts && knobs.top_k != 0) {
        throw InvalidArgument("top_k", c10::str(" ", knobs.top_k, ": ", name,
                                                " is dense and has no experts; leave top_k out"));
    }
    if (config.experts) {
        if (resolved.top_k == 0) resolved.top_k = config.experts->top_k;
        if (resolved.top_k < 1 || resolved.top_k > config.experts->experts) {
            throw InvalidArgument(
                "top_k", c10::str(" ", knobs.top_k, ": ", name, " has ", config.experts->experts,
                                  " experts; give 1 to ", config.experts->experts));
        }
    }
    if (resolved.active_blocks.empty()) {
        resolved.active_blocks.resize(static_cast<std::size_t>(config.layers));
        std::iota(resolved.active_blocks.begin(), resolved.active_blocks.end(), 0);
    }
    const bool ascending =
        std::adjacent_find(resolved.active_blocks.begin(), resolved.active_blocks.end(),
                           std::greater_equal<>()) == resolved.active_blocks.end();
    if (!ascending || resolved.active_blocks.front() < 0 ||
        resolved.active_blocks.back() >= config.layers) {
        throw InputError(c10::str("active blocks must be ascending indices of the ", config.layers,
                                  " blocks of ", name));
    }
    return resolved;
}

}  // namespace decodemeter::molmo
