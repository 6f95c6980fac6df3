#include "estimator/predictor/image_geometry.hpp"

#include <algorithm>
#include <array>

namespace decodemeter {

namespace {

constexpr int tokens_per_crop = 144;
constexpr int most_tiles = 15;
// (2r+1)(2c+1) of any tiling that has at most `most_tiles` tiles is below this.
constexpr int table_size = 3 * (2 * most_tiles + 1) + 1;

// Crops by (2r+1)(2c+1), which is (vision tokens - 144) / 16. Filled from long to square, so that
// the squarest wins.
constexpr std::array<int, table_size> make_crop_table() {
    std::array<int, table_size> crops{};
    for (int rows = 1; rows <= most_tiles; ++rows) {
        for (int columns = most_tiles; columns >= rows; --columns) {
            if (rows * columns <= most_tiles)
                crops[(2 * rows + 1) * (2 * columns + 1)] = 1 + rows * columns;
        }
    }
    return crops;
}
constexpr auto crop_table = make_crop_table();

// The most crops of any tiling with at most as many tokens.
constexpr std::array<int, table_size> make_monotone_crop_table() {
    std::array<int, table_size> crops{};
    int most = 1;
    for (int cells = 0; cells < table_size; ++cells)
        crops[cells] = most = std::max(most, crop_table[cells]);
    return crops;
}
constexpr auto monotone_crop_table = make_monotone_crop_table();

}  // namespace

int crops_of_vision_tokens(int vision_tokens) noexcept {
    if (vision_tokens <= 0) return 0;
    const int cells = vision_tokens - tokens_per_crop;
    if (cells > 0 && cells % 16 == 0 && cells / 16 < table_size && crop_table[cells / 16] > 0)
        return crop_table[cells / 16];
    return std::max(1, (vision_tokens + tokens_per_crop / 2) / tokens_per_crop);
}

int monotone_crops(int vision_tokens) noexcept {
    if (vision_tokens < tokens_per_crop + 9 * 16) return vision_tokens > 0 ? 1 : 0;
    const int cells = (vision_tokens - tokens_per_crop) / 16;
    const int beyond = std::max(cells - (table_size - 1), 0) * 16 / tokens_per_crop;
    return monotone_crop_table[std::min(cells, table_size - 1)] + beyond;
}

int tier_of_crops(int num_crops) noexcept {
    const int tiles = num_crops - 1;
    if (tiles <= 3) return 0;
    return tiles <= 8 ? 1 : 2;
}

}  // namespace decodemeter
