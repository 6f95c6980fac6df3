// The flags that say which model runs where, shared by the commands that load one.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "profiler/molmo/molmo.hpp"

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

// Loads it with a progress bar. Throws InputError for a name that is neither built in nor a
// directory.
molmo::Molmo load_model(const ModelFlags& flags);

}  // namespace decodemeter
