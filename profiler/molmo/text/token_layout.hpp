// Where an image's features go among the tokens, and which of its pixels are real. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/molmo/image/tiling.hpp"

namespace decodemeter::molmo {

// Ids of the tokens that an image is written with.
struct ImageTokenIds {
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::int64_t patch = 0;
    std::int64_t column = 0;  // ends each row of cells
};

// Rows and columns of cells that the tiles cover together.
struct CellGrid {
    int rows = 0;
    int columns = 0;
};
CellGrid tile_cells(const ImageGeometry& geometry, Tiling tiling);

// Positions that receive an image feature, and all positions of the image.
int feature_tokens(const ImageGeometry& geometry, Tiling tiling);
int image_tokens(const ImageGeometry& geometry, Tiling tiling);

// start, the global crop's rows, end, start, the tiles' rows, end.
std::vector<std::int64_t> image_token_ids(const ImageGeometry& geometry, Tiling tiling,
                                          const ImageTokenIds& ids);

// In image_input_idx: a cell that a neighboring tile covers, so that its feature is dropped.
inline constexpr std::int32_t dropped_cell = -100;

// For each crop and each of its cells, [crops, cells], the position in the sequence that its
// feature is added to. `first_position` is where the image begins: 1 after a BOS token.
std::vector<std::int32_t> image_input_idx(const ImageGeometry& geometry, Tiling tiling,
                                          int first_position);

// [crops, patches]: the fraction of real pixels, rather than padding, of each patch. The rows are
// those of the tiles, and -1 in the last: crop 0, the global one, has the mask of tile 1, and tile
// k that of tile k + 1. The models were trained with the masks shifted so.
std::vector<float> image_masks(const ImageGeometry& geometry, const CropPlan& plan);

// " User: <prompt> Assistant:"
std::string prompt_text(std::string_view prompt);

// BOS, the image's tokens (empty without an image), the text's.
std::vector<std::int64_t> input_ids(std::int64_t bos, std::span<const std::int64_t> image,
                                    std::span<const std::int64_t> text);

}  // namespace decodemeter::molmo
