// Launch arithmetic of the device's kernels: a pure function of the shape, so that the same bits
// come out of every device. C++17.
#pragma once

#include "kernels/position_sum/number.hpp"
#include "kernels/position_sum/position_sum.hpp"

namespace decodemeter::kernels {

DECODEMETER_HOST_DEVICE constexpr std::int64_t divided_up(std::int64_t n, std::int64_t by) {
    return (n + by - 1) / by;
}

// Samples are put in order of their extents within windows of so many: what a total order would
// gain on top is less than its time. All sample tiles divide it.
constexpr int order_window = 4096;

// A block's samples x positions in the forward kernel: 8 x 4 lanes, each with rows x columns, in
// warps down x across.
template <int rows_, int columns_, int warps_down_, int warps_across_>
struct Tile {
    static constexpr int rows = rows_, columns = columns_, warps_down = warps_down_,
                         warps_across = warps_across_;
    static constexpr int threads = 32 * warps_down * warps_across;
    static constexpr int samples = 8 * rows * warps_down, positions = 4 * columns * warps_across;
    static_assert(order_window % samples == 0);
};
using LargeTile = Tile<8, 8, 2, 2>;
using MediumTile = Tile<4, 4, 2, 2>;
using SmallTile = Tile<2, 2, 1, 2>;

enum class TileSize { large, medium, small };

struct ForwardPlan {
    TileSize size = TileSize::small;
    std::int64_t sample_tiles = 0;
    std::int64_t position_tiles = 0;

    std::int64_t blocks() const { return sample_tiles * position_tiles; }
};

template <class Tile>
ForwardPlan plan_of_tile(TileSize size, const PositionSumShape& shape) {
    return {size, divided_up(shape.batch, Tile::samples),
            divided_up(shape.positions, Tile::positions)};
}

// The largest tile that leaves every multiprocessor of the largest devices two blocks, or four
// where half of them may end early. Only ReLU gains from the large one: the others wait for the
// exponential's unit, not for shared memory.
inline ForwardPlan plan_forward(const PositionSumShape& shape, Activation activation) {
    const ForwardPlan large = plan_of_tile<LargeTile>(TileSize::large, shape);
    if (activation == Activation::relu && large.blocks() >= 512) return large;
    const ForwardPlan medium = plan_of_tile<MediumTile>(TileSize::medium, shape);
    if (medium.blocks() >= 256) return medium;
    return plan_of_tile<SmallTile>(TileSize::small, shape);
}

// A block of the backward kernel: its columns of h, its positions, and a share of the samples,
// `group` at a time.
struct BackwardBlock {
    static constexpr int columns = 64;
    static constexpr int positions = 128;
    static constexpr int group = 16;
};

struct BackwardPlan {
    std::int64_t column_slices = 0;
    std::int64_t position_chunks = 0;
    std::int64_t sample_shares =
        0;  // sample i of the visiting order belongs to share i mod sample_shares

    std::int64_t blocks() const { return column_slices * position_chunks * sample_shares; }
};

// As many shares as make about 256 blocks, two for each multiprocessor of the largest devices. More
// would cost more scratch, and time to add it up.
inline BackwardPlan plan_backward(const PositionSumShape& shape) {
    BackwardPlan plan;
    // The first slice also adds up dL/dy, so there is one even without columns.
    plan.column_slices = shape.hidden > 0 ? divided_up(shape.hidden, BackwardBlock::columns) : 1;
    plan.position_chunks = divided_up(shape.positions, BackwardBlock::positions);
    const std::int64_t others = plan.column_slices * plan.position_chunks;
    if (others == 0 || shape.batch == 0) return plan;
    const std::int64_t most = divided_up(shape.batch, BackwardBlock::group);
    const std::int64_t wanted = divided_up(256, others);
    plan.sample_shares = wanted < most ? wanted : most;
    return plan;
}

// Where the pieces of the workspace begin, in floats.
struct ForwardScratchPlan {
    std::int64_t tile_sums = 0;  // [position_tiles, batch]
    std::int64_t floats = 0;
};

struct BackwardScratchPlan {
    std::int64_t grad_u = 0;       // [position_chunks, batch, hidden]
    std::int64_t grad_v = 0;       // [sample_shares, positions, hidden]
    std::int64_t grad_weight = 0;  // [sample_shares, position_chunks, hidden]
    std::int64_t grad_bias = 0;    // [sample_shares, position_chunks]
    std::int64_t floats = 0;
};

inline ForwardScratchPlan plan_scratch(const PositionSumShape& shape, const ForwardPlan& plan) {
    return {0, plan.position_tiles > 1 ? plan.position_tiles * shape.batch : 0};
}

inline BackwardScratchPlan plan_scratch(const PositionSumShape& shape, const BackwardPlan& plan) {
    BackwardScratchPlan scratch;
    scratch.grad_v = scratch.grad_u + plan.position_chunks * shape.batch * shape.hidden;
    scratch.grad_weight = scratch.grad_v + plan.sample_shares * shape.positions * shape.hidden;
    scratch.grad_bias =
        scratch.grad_weight + plan.sample_shares * plan.position_chunks * shape.hidden;
    scratch.floats = scratch.grad_bias + plan.sample_shares * plan.position_chunks;
    return scratch;
}

}  // namespace decodemeter::kernels
