#include "profiler/molmo/network/crops.hpp"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

namespace decodemeter::molmo {

namespace {

// [1, 3, height, width] float32 in [0, 1].
at::Tensor pixels(const Image& image) {
    const at::Tensor bytes = at::from_blob(const_cast<std::uint8_t*>(image.rgb.data()),
                                           {image.height, image.width, 3}, at::kByte);
    return bytes.permute({2, 0, 1})
        .unsqueeze(0)
        .to(at::kFloat, false, false, at::MemoryFormat::Contiguous)
        .div_(255.0F);
}

// [3, canvas height, canvas width]: resized, centered on zeros, then normalized, so that padding
// becomes -mean/std.
at::Tensor paint_canvas(const at::Tensor& source, const Placement& placement,
                        const ImageGeometry& geometry) {
    const at::Tensor resized =
        at::_upsample_bilinear2d_aa(source, {placement.height, placement.width}, false)
            .clamp_(0, 1);
    at::Tensor canvas =
        at::zeros({3, placement.canvas_height, placement.canvas_width}, source.options());
    canvas.narrow(1, placement.top, placement.height)
        .narrow(2, placement.left, placement.width)
        .copy_(resized.squeeze(0));
    const at::Tensor mean = at::tensor(at::ArrayRef<float>(geometry.mean)).view({3, 1, 1});
    const at::Tensor deviation =
        at::tensor(at::ArrayRef<float>(geometry.standard_deviation)).view({3, 1, 1});
    return canvas.sub_(mean).div_(deviation);
}

// [3, side, side] -> [1, patches, patch * patch * 3]
at::Tensor cut_patches(const at::Tensor& crop, const ImageGeometry& geometry) {
    const std::int64_t side = geometry.patches_per_side();
    const std::int64_t patch = geometry.patch;
    return crop.unflatten(1, {side, patch})
        .unflatten(3, {side, patch})
        .permute({1, 3, 2, 4, 0})
        .reshape({1, side * side, -1});
}

}  // namespace

at::Tensor make_crops(const Image& image, const ImageGeometry& geometry, const CropPlan& plan) {
    const at::Tensor source = pixels(image);
    std::vector<at::Tensor> crops = {
        cut_patches(paint_canvas(source, plan.global, geometry), geometry)};
    const at::Tensor canvas = paint_canvas(source, plan.tiles, geometry);
    for (const TileOrigin& origin : tile_origins(geometry, plan.tiling)) {
        const at::Tensor tile = canvas.narrow(1, origin.top, geometry.base_size)
                                    .narrow(2, origin.left, geometry.base_size);
        crops.push_back(cut_patches(tile, geometry));
    }
    return at::cat(crops, 0);
}

}  // namespace decodemeter::molmo
