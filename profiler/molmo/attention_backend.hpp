#pragma once

#include <c10/core/TensorOptions.h>

#include "profiler/molmo/model_description.hpp"

namespace decodemeter::molmo {

// What LibTorch chooses for the attention of one token, and of a prompt.
AttentionBackend chosen_attention_backend(const ModelConfig& config,
                                          const at::TensorOptions& options);

}  // namespace decodemeter::molmo
