// The models that need no files: random weights at known sizes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/molmo/checkpoint/model_config.hpp"

namespace decodemeter::molmo {

// tiny-molmoe and tiny-molmo have every mechanism of MolmoE and of 7B-D, real image geometry, and
// are small enough for a laptop's CPU; molmoe-1b and molmo-7b-d are the real sizes.
const std::vector<std::string>& built_in_model_names();
std::optional<ModelConfig> built_in_model(std::string_view name);

}  // namespace decodemeter::molmo
