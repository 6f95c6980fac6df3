// A model without its weights: what can be told before they are loaded. No LibTorch in this header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "profiler/molmo/molmo.hpp"

namespace decodemeter::molmo {

// LibTorch's choice of scaled_dot_product_attention: "flash", "mem_efficient", "math", "cudnn" or
// "other".
struct AttentionBackend {
    std::string decode;
    std::string prefill;
};

struct ModelDescription {
    std::string name;
    ModelConfig config;
    Precision precision = Precision::float32;
    std::string weights_source;     // "random(seed)", or the snapshot's name and hash
    std::int64_t weight_bytes = 0;  // in the memory of the device
    int threads = 0;                // of the CPU that LibTorch would use
    AttentionBackend attention_backend;
};

// Of a Hugging Face snapshot, from its config files and the headers of its safetensors, and of a
// built-in model. Throws InputError as Molmo::load() and Molmo::built_in() do, also for a device
// that is not there.
ModelDescription describe_snapshot(const std::filesystem::path& directory,
                                   const ModelOptions& options);
ModelDescription describe_built_in(std::string_view name, const ModelOptions& options);

// The knobs with the model's own values where they are left open. Throws InputError for knobs that
// the model does not have.
Knobs resolve_knobs(const ModelConfig& config, const std::string& name, const Knobs& knobs);

}  // namespace decodemeter::molmo
