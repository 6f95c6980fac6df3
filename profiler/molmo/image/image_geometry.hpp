// The sizes that cutting an image into crops, and its tokens, follow from.
#pragma once

#include <array>

namespace decodemeter::molmo {

// Crops are squares of base_size pixels and overlap: of a crop's patches, `margin` on each side are
// shared with its neighbors, so crops lie window_pixels() apart. 2x2 patches are pooled into one
// cell, and each cell that is kept becomes one token.
struct ImageGeometry {
    int base_size = 336;
    int patch = 14;
    int margin = 4;  // patches on each side; even, so that cells do not straddle it
    int max_crops = 12;
    std::array<float, 3> mean = {0.48145466F, 0.4578275F, 0.40821073F};
    std::array<float, 3> standard_deviation = {0.26862954F, 0.26130258F, 0.27577711F};

    static constexpr int pool = 2;

    constexpr int patches_per_side() const noexcept { return base_size / patch; }
    constexpr int patches() const noexcept { return patches_per_side() * patches_per_side(); }
    constexpr int patch_values() const noexcept { return patch * patch * 3; }
    constexpr int window_patches() const noexcept { return patches_per_side() - 2 * margin; }
    constexpr int window_pixels() const noexcept { return window_patches() * patch; }
    constexpr int overlap_pixels() const noexcept { return 2 * margin * patch; }
    constexpr int cells_per_side() const noexcept { return patches_per_side() / pool; }
    constexpr int cells() const noexcept { return cells_per_side() * cells_per_side(); }
    constexpr int window_cells() const noexcept { return window_patches() / pool; }
    constexpr int margin_cells() const noexcept { return margin / pool; }

    bool operator==(const ImageGeometry&) const = default;
};

}  // namespace decodemeter::molmo
