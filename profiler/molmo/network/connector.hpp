// From patch features to token embeddings: 2x2 attention pooling and the projector.
#pragma once

#include "profiler/molmo/network/parameters.hpp"

namespace decodemeter::molmo {

struct ConnectorProbe {
    at::Tensor query;   // [crops * cells, 1, 2 * width]
    at::Tensor pooled;  // [crops, cells, width]
};

// features [crops, patches, 2 * width] and masks [crops, patches] (fraction of real pixels of each
// patch, after the shift by one crop) -> [crops, cells, d], cells in raster order.
at::Tensor connect(const at::Tensor& features, const at::Tensor& masks,
                   const ConnectorWeights& weights, const VisionConfig& config,
                   ConnectorProbe* probe = nullptr);

}  // namespace decodemeter::molmo
