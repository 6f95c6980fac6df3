// The flags that say which model runs where, shared by the commands that load one.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "profiler/molmo/model_description.hpp"

namespace decodemeter {

struct ModelFlags {
    std::string model = "tiny-molmoe";
    std::string device = "cpu";
    std::string dtype;
    int threads = 0;
    std::uint64_t weight_seed = 3407;
};

// "float32", "fp32", "bfloat16" or "bf16"; none for empty text. Throws InputError for anything
// else.
std::optional<molmo::Precision> parse_precision(const std::string& dtype);

void add_model_flags(CLI::App& command, ModelFlags& flags);

// What is known of the model before its weights are loaded. Throws InputError for a name that is
// neither built in nor a directory.
molmo::ModelDescription describe_model(const ModelFlags& flags);

// Loads it with a progress bar; `between` is called between tensors and may throw. Throws
// InputError as describe_model() does.
molmo::Molmo load_model(const ModelFlags& flags, const std::function<void()>& between = {});

}  // namespace decodemeter
