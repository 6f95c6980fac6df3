// Into how many tiles an image is cut, and where its pixels lie on the canvas. Pure.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "profiler/molmo/image/image_geometry.hpp"

namespace decodemeter::molmo {

struct Tiling {
    int rows = 1;
    int columns = 1;

    int tiles() const noexcept { return rows * columns; }
    int crops() const noexcept { return tiles() + 1; }  // the global crop comes first
    bool operator==(const Tiling&) const = default;
};

// Molmo's own choice: the tiling of at most max_crops tiles that needs the least enlargement, or,
// where every tiling would shrink the image, the one that shrinks it least.
Tiling choose_tiling(const ImageGeometry& geometry, int height, int width, int max_crops);

// How many tiles a tier allows: the published rule.
struct TierRange {
    std::string_view name;
    int min_tiles;
    int max_tiles;
};
inline constexpr std::array<TierRange, 3> tier_ranges = {
    {{"low", 1, 3}, {"medium", 4, 8}, {"high", 9, 15}}};

// Of the tilings within the tier and max_crops, prime numbers of tiles above 2 left out, the one
// whose aspect ratio is nearest the image's; ties go to more tiles. Throws InputError where
// max_crops is below the tier's minimum.
Tiling choose_tiling(const TierRange& tier, int height, int width, int max_crops);

// An image scaled to fit a canvas, its aspect ratio kept, and centered on it. A side may come to 0
// pixels.
struct Placement {
    int canvas_height = 0;
    int canvas_width = 0;
    int height = 0;
    int width = 0;
    int top = 0;
    int left = 0;

    bool operator==(const Placement&) const = default;
};
Placement place_on_canvas(int height, int width, int canvas_height, int canvas_width);

// The canvas that the tiles are cut from, and the square one of the global crop.
struct CropPlan {
    Tiling tiling;
    Placement tiles;
    Placement global;
};

// Throws InputError, naming the size, for an image that is so narrow that a side scales to 0
// pixels.
CropPlan plan_crops(const ImageGeometry& geometry, Tiling tiling, int height, int width);

// The upper left pixel of each tile on the canvas, in raster order.
struct TileOrigin {
    int top = 0;
    int left = 0;
};
std::vector<TileOrigin> tile_origins(const ImageGeometry& geometry, Tiling tiling);

}  // namespace decodemeter::molmo
