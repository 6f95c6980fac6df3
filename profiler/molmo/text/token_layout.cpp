#include "profiler/molmo/text/token_layout.hpp"

#include <algorithm>

namespace decodemeter::molmo {

namespace {

// Patches and cells along one side that tile `index` of `count` keeps: the overlap goes to neither
// at a shared edge.
struct Kept {
    int first;
    int last;
};

Kept kept_cells(const ImageGeometry& geometry, int index, int count) {
    const int last = geometry.cells_per_side() - 1;
    const int margin = geometry.margin_cells();
    return {index == 0 ? 0 : margin, index == count - 1 ? last : last - margin};
}

void append_rows(int rows, int columns, const ImageTokenIds& ids,
                 std::vector<std::int64_t>& tokens) {
    tokens.push_back(ids.start);
    for (int row = 0; row < rows; ++row) {
        tokens.insert(tokens.end(), static_cast<std::size_t>(columns), ids.patch);
        tokens.push_back(ids.column);
    }
    tokens.push_back(ids.end);
}

// Pixels from `begin` on of a patch that lie within [low, high).
int covered(int begin, int patch, int low, int high) {
    return std::max(0, std::min(begin + patch, high) - std::max(begin, low));
}

}  // namespace

CellGrid tile_cells(const ImageGeometry& geometry, Tiling tiling) {
    const int window = geometry.window_cells();
    const int margins = 2 * geometry.margin_cells();
    return {tiling.rows * window + margins, tiling.columns * window + margins};
}

int feature_tokens(const ImageGeometry& geometry, Tiling tiling) {
    const CellGrid grid = tile_cells(geometry, tiling);
    return geometry.cells() + grid.rows * grid.columns;
}

int image_tokens(const ImageGeometry& geometry, Tiling tiling) {
    const CellGrid grid = tile_cells(geometry, tiling);
    const int side = geometry.cells_per_side();
    return side * (side + 1) + grid.rows * (grid.columns + 1) + 4;
}

std::vector<std::int64_t> image_token_ids(const ImageGeometry& geometry, Tiling tiling,
                                          const ImageTokenIds& ids) {
    std::vector<std::int64_t> tokens;
    tokens.reserve(static_cast<std::size_t>(image_tokens(geometry, tiling)));
    const CellGrid grid = tile_cells(geometry, tiling);
    append_rows(geometry.cells_per_side(), geometry.cells_per_side(), ids, tokens);
    append_rows(grid.rows, grid.columns, ids, tokens);
    return tokens;
}

std::vector<std::int32_t> image_input_idx(const ImageGeometry& geometry, Tiling tiling,
                                          int first_position) {
    const int side = geometry.cells_per_side();
    const int window = geometry.window_cells();
    const int row_length = tile_cells(geometry, tiling).columns + 1;
    std::vector<std::int32_t> positions;
    positions.reserve(static_cast<std::size_t>(tiling.crops() * geometry.cells()));
    const int global_start = first_position + 1;
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) positions.push_back(global_start + y * (side + 1) + x);
    }
    const int tiles_start = global_start + side * (side + 1) + 2;
    for (int tile = 0; tile < tiling.tiles(); ++tile) {
        const int row = tile / tiling.columns;
        const int column = tile % tiling.columns;
        const Kept rows = kept_cells(geometry, row, tiling.rows);
        const Kept columns = kept_cells(geometry, column, tiling.columns);
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                const bool kept =
                    y >= rows.first && y <= rows.last && x >= columns.first && x <= columns.last;
                const int position =
                    tiles_start + (row * window + y) * row_length + column * window + x;
                positions.push_back(kept ? position : dropped_cell);
            }
        }
    }
    return positions;
}

std::vector<float> image_masks(const ImageGeometry& geometry, const CropPlan& plan) {
    const int side = geometry.patches_per_side();
    const int patch = geometry.patch;
    const Placement& real = plan.tiles;
    std::vector<float> masks;
    masks.reserve(static_cast<std::size_t>(plan.tiling.crops() * geometry.patches()));
    for (const TileOrigin tile : tile_origins(geometry, plan.tiling)) {
        for (int y = 0; y < side; ++y) {
            const int rows = covered(tile.top + y * patch, patch, real.top, real.top + real.height);
            for (int x = 0; x < side; ++x) {
                const int columns =
                    covered(tile.left + x * patch, patch, real.left, real.left + real.width);
                masks.push_back(static_cast<float>(rows * columns) /
                                static_cast<float>(patch * patch));
            }
        }
    }
    masks.resize(masks.size() + static_cast<std::size_t>(geometry.patches()), -1.0F);
    return masks;
}

std::string prompt_text(std::string_view prompt) {
    return " User: " + std::string(prompt) + " Assistant:";
}

std::vector<std::int64_t> input_ids(std::int64_t bos, std::span<const std::int64_t> image,
                                    std::span<const std::int64_t> text) {
    std::vector<std::int64_t> ids = {bos};
    ids.insert(ids.end(), image.begin(), image.end());
    ids.insert(ids.end(), text.begin(), text.end());
    return ids;
}

}  // namespace decodemeter::molmo
