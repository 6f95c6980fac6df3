// From a checkpoint into Parameters.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "profiler/molmo/checkpoint/checkpoint.hpp"
#include "profiler/molmo/network/parameters.hpp"

namespace decodemeter::molmo {

struct LoadReport {
    std::vector<std::string> unused;  // tensors of the checkpoint that the model has no place for
    std::vector<std::string> not_finite;  // tensors with NaN or infinite values
};

// Copies every weight from the mapped files into its place, casting to its dtype. `progress` gets
// bytes done and in all. Throws InputError naming each tensor that is missing or has another shape;
// `origin` names the checkpoint.
LoadReport load_parameters(const Checkpoint& checkpoint, const std::string& origin,
                           const Parameters& parameters, const ModelConfig& config,
                           const std::function<void(std::int64_t, std::int64_t)>& progress);

// A short fingerprint of names, shapes and the first bytes of each tensor: tells checkpoints apart
// without reading them whole.
std::string fingerprint(const Checkpoint& checkpoint);

}  // namespace decodemeter::molmo
