#include "kernels/position_sum/device_plan.hpp"
#include "tests/catch.hpp"

using namespace decodemeter::kernels;

TEST_CASE("Forward tiles cover all samples and positions, and no tile lies outside") {
    for (const PositionSumShape shape : {PositionSumShape{1, 1, 8},
                                         {64, 64, 256},
                                         {1024, 512, 256},
                                         {10000, 512, 256},
                                         {129, 4097, 7},
                                         {1000000, 64, 256}}) {
        for (const Activation activation : {Activation::relu, Activation::silu}) {
            const ForwardPlan plan = plan_forward(shape, activation);
            const int samples = plan.size == TileSize::large    ? LargeTile::samples
                                : plan.size == TileSize::medium ? MediumTile::samples
                                                                : SmallTile::samples;
            const int positions = plan.size == TileSize::large    ? LargeTile::positions
                                  : plan.size == TileSize::medium ? MediumTile::positions
                                                                  : SmallTile::positions;
            CHECK(plan.sample_tiles * samples >= shape.batch);
            CHECK((plan.sample_tiles - 1) * samples < shape.batch);
            CHECK(plan.position_tiles * positions >= shape.positions);
            CHECK((plan.position_tiles - 1) * positions < shape.positions);
        }
    }
}

TEST_CASE("Tiles grow with the shape, and only ReLU takes the large one") {
    CHECK(plan_forward({64, 64, 256}, Activation::relu).size == TileSize::small);
    CHECK(plan_forward({1024, 512, 256}, Activation::relu).size == TileSize::medium);
    CHECK(plan_forward({10000, 512, 256}, Activation::relu).size == TileSize::large);
    CHECK(plan_forward({10000, 512, 256}, Activation::gelu).size == TileSize::medium);
}

TEST_CASE(
    "The backward kernel has about as many blocks as the device has room for, and none without "
    "samples") {
    const BackwardPlan plan = plan_backward({1024, 512, 256});
    CHECK(plan.column_slices == 4);
    CHECK(plan.position_chunks == 4);
    CHECK(plan.sample_shares == 16);
    CHECK(plan_backward({64, 64, 256}).sample_shares == 4);  // one group of samples each
    CHECK(plan_backward({1, 4096, 4096}).sample_shares == 1);
    CHECK(plan_backward({5, 5, 0}).blocks() == 1);
    for (const PositionSumShape shape : {PositionSumShape{0, 5, 5}, {5, 0, 5}})
        CHECK(plan_backward(shape).blocks() == 0);
}

TEST_CASE("The pieces of the workspace do not overlap and stay below batch x positions x hidden") {
    const PositionSumShape shape{1024, 512, 256};
    const BackwardPlan plan = plan_backward(shape);
    const BackwardScratchPlan scratch = plan_scratch(shape, plan);
    CHECK(scratch.grad_v - scratch.grad_u == 4 * 1024 * 256);
    CHECK(scratch.grad_weight - scratch.grad_v == 16 * 512 * 256);
    CHECK(scratch.grad_bias - scratch.grad_weight == 16 * 4 * 256);
    CHECK(scratch.floats - scratch.grad_bias == 16 * 4);
    CHECK(scratch.floats * 30 < shape.batch * shape.positions * shape.hidden);
    CHECK(plan_scratch(shape, plan_forward(shape, Activation::relu)).floats == 16 * 1024);
    CHECK(plan_scratch({64, 16, 8}, plan_forward({64, 16, 8}, Activation::relu)).floats == 0);
}

TEST_CASE("The plan does not grow without bounds in the batch") {
    CHECK(plan_backward({1000000, 512, 256}).sample_shares == 16);
}
