#include "profiler/molmo/image/tiling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "profiler/system/error.hpp"

namespace decodemeter::molmo {

namespace {

// Tilings of at most max_crops tiles, by number of tiles and then of rows.
std::vector<Tiling> candidate_tilings(int max_crops) {
    std::vector<Tiling> candidates;
    for (int tiles = 1; tiles <= max_crops; ++tiles) {
        for (int rows = 1; rows <= tiles; ++rows) {
            if (tiles % rows == 0) candidates.push_back({rows, tiles / rows});
        }
    }
    return candidates;
}

// Quotients are float32, as the original forms them: a side as long as the overlap gives infinity,
// a shorter one a negative scale, and both are compared as they are.
float side_scale(int tiles, int window, int side, int overlap) {
    return static_cast<float>(tiles * window) / static_cast<float>(side - overlap);
}

bool is_prime(int number) {
    for (int divisor = 2; divisor * divisor <= number; ++divisor) {
        if (number % divisor == 0) return false;
    }
    return number > 1;
}

std::string size_text(int height, int width) {
    return std::to_string(width) + " x " + std::to_string(height);
}

void check_max_crops(int max_crops) {
    if (max_crops < 1)
        throw InputError("max_crops is " + std::to_string(max_crops) + "; it must be at least 1");
}

}  // namespace

Tiling choose_tiling(const ImageGeometry& geometry, int height, int width, int max_crops) {
    check_max_crops(max_crops);
    const int window = geometry.window_pixels();
    const int overlap = geometry.overlap_pixels();
    Tiling least_enlarged;
    Tiling least_shrunk;
    float smallest = std::numeric_limits<float>::infinity();
    float largest = -std::numeric_limits<float>::infinity();
    bool enlarges = false;
    for (const Tiling candidate : candidate_tilings(max_crops)) {
        const float scale = std::min(side_scale(candidate.rows, window, height, overlap),
                                     side_scale(candidate.columns, window, width, overlap));
        if (scale >= 1 && (!enlarges || scale < smallest)) {
            least_enlarged = candidate;
            smallest = scale;
            enlarges = true;
        }
        if (scale > largest) {
            least_shrunk = candidate;
            largest = scale;
        }
    }
    return enlarges ? least_enlarged : least_shrunk;
}

Tiling choose_tiling(const TierRange& tier, int height, int width, int max_crops) {
    check_max_crops(max_crops);
    if (max_crops < tier.min_tiles) {
        throw InputError("tier " + std::string(tier.name) + " needs at least " +
                         std::to_string(tier.min_tiles) + " tiles, but max_crops is " +
                         std::to_string(max_crops) + "; raise max_crops or leave the tier out");
    }
    const double aspect = static_cast<double>(width) / height;
    std::optional<Tiling> nearest;
    double smallest = 0;
    for (const Tiling candidate : candidate_tilings(std::min(tier.max_tiles, max_crops))) {
        const int tiles = candidate.tiles();
        if (tiles < tier.min_tiles || (tiles > 2 && is_prime(tiles))) continue;
        const double difference =
            std::abs(static_cast<double>(candidate.columns) / candidate.rows - aspect);
        const bool tie = nearest && difference == smallest && tiles > nearest->tiles();
        if (!nearest || difference < smallest || tie) {
            nearest = candidate;
            smallest = difference;
        }
    }
    return *nearest;
}

Placement place_on_canvas(int height, int width, int canvas_height, int canvas_width) {
    // Quotient, product and truncation in float32: doing it in double moves a side by a pixel now
    // and then.
    const float scale = std::min(static_cast<float>(canvas_height) / static_cast<float>(height),
                                 static_cast<float>(canvas_width) / static_cast<float>(width));
    Placement placement{canvas_height, canvas_width};
    placement.height = static_cast<int>(static_cast<float>(height) * scale);
    placement.width = static_cast<int>(static_cast<float>(width) * scale);
    placement.top = (canvas_height - placement.height) / 2;
    placement.left = (canvas_width - placement.width) / 2;
    return placement;
}

CropPlan plan_crops(const ImageGeometry& geometry, Tiling tiling, int height, int width) {
    if (height < 1 || width < 1)
        throw InputError("an image of " + size_text(height, width) + " pixels is empty");
    const int window = geometry.window_pixels();
    const int overlap = geometry.overlap_pixels();
    const CropPlan plan{tiling,
                        place_on_canvas(height, width, tiling.rows * window + overlap,
                                        tiling.columns * window + overlap),
                        place_on_canvas(height, width, geometry.base_size, geometry.base_size)};
    for (const Placement& placement : {plan.tiles, plan.global}) {
        if (placement.height < 1 || placement.width < 1) {
            throw InputError("an image of " + size_text(height, width) +
                             " pixels is unusable: scaled to " +
                             size_text(placement.canvas_height, placement.canvas_width) +
                             ", a side has 0 pixels");
        }
    }
    return plan;
}

std::vector<TileOrigin> tile_origins(const ImageGeometry& geometry, Tiling tiling) {
    const int window = geometry.window_pixels();
    std::vector<TileOrigin> origins;
    for (int row = 0; row < tiling.rows; ++row) {
        for (int column = 0; column < tiling.columns; ++column)
            origins.push_back({row * window, column * window});
    }
    return origins;
}

}  // namespace decodemeter::molmo
