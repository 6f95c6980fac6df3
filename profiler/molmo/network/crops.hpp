#pragma once

#include <ATen/core/Tensor.h>

#include "profiler/molmo/image/image_file.hpp"
#include "profiler/molmo/image/image_geometry.hpp"
#include "profiler/molmo/image/tiling.hpp"

namespace decodemeter::molmo {

// The image's crops as patches, the global crop first, then the tiles in raster order: [crops,
// patches, patch * patch * 3] float32 on the CPU, each patch in (row, column, channel) order.
at::Tensor make_crops(const Image& image, const ImageGeometry& geometry, const CropPlan& plan);

}  // namespace decodemeter::molmo
