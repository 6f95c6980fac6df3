#pragma once

#include "profiler/molmo/network/parameters.hpp"

namespace decodemeter::molmo {

// What the tower computed, for those who look inside. Undefined unless asked for.
struct VisionProbe {
    at::Tensor first_block;      // [crops, patches + 1, width]
    at::Tensor last_used_block;  // the same, of the last block whose output is used
};

// crops [crops, patches, patch * patch * 3] -> features [crops, patches, 2 * width]: the outputs of
// config.feature_layers, side by side, without the class token.
at::Tensor encode_crops(const at::Tensor& crops, const VisionWeights& weights,
                        const VisionConfig& config, VisionProbe* probe = nullptr);

// Index of the last block whose output is used; those behind it do not run.
int last_used_block(const VisionConfig& config);

}  // namespace decodemeter::molmo
