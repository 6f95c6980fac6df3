#include "tests/catch.hpp"
#include "tests/kernels/position_sum/implementations.hpp"

using namespace decodemeter::kernels;

namespace {

void check_against_float64(const Case& made) {
    const Results<double> expected = reference(made);
    for (const TileSize size : tiles_for(made.options.activation)) {
        INFO(made.shape.batch << " x " << made.shape.positions << " x " << made.shape.hidden
                              << ", activation " << static_cast<int>(made.options.activation)
                              << ", link " << static_cast<int>(made.options.link) << ", tile "
                              << static_cast<int>(size));
        for (const std::int64_t shares : {0, 2})
            CHECK(excess(run(device_on_host(size, {}, shares), made), expected) <= 1);
    }
}

// Several tiles, chunks of h, groups of samples and chunks of positions, none of them full.
Case ragged_case(Activation activation) {
    return make_case({150, 139, 77}, {activation, Link::softplus}, Weighting::none, true, 3);
}

}  // namespace

TEST_CASE("The device's kernels agree with float64 over awkward shapes") {
    constexpr PositionSumShape shapes[] = {
        {1, 1, 1},    {31, 33, 32}, {33, 31, 1}, {32, 32, 33}, {1, 1000, 7}, {1000, 1, 33},
        {5, 64, 260}, {64, 0, 8},   {8, 8, 0},   {0, 5, 5},    {0, 0, 0},    {130, 129, 65},
    };
    for (const PositionSumShape& shape : shapes)
        for (const Activation activation : all_activations)
            for (const Link link : all_links)
                check_against_float64(make_case(shape, {activation, link}));
}

TEST_CASE(
    "The device's kernels take weights by sample or by row, and give values and gradients of "
    "both") {
    for (const Weighting weighting : {Weighting::none, Weighting::by_sample, Weighting::table})
        for (const bool with_values : {false, true})
            for (const std::int64_t padding : {0, 3, 4})
                check_against_float64(make_case({37, 45, 20}, {Activation::relu, Link::softplus},
                                                weighting, with_values, padding));
    check_against_float64(
        make_case({37, 45, 20}, {Activation::gelu, Link::exp}, Weighting::table, true));
}

TEST_CASE("The device's kernels need no values for weights that do not learn") {
    for (const Weighting weighting : {Weighting::by_sample, Weighting::table})
        check_against_float64(
            with_fixed_weights(make_case({37, 45, 19}, {Activation::relu, Link::exp}, weighting)));
}

TEST_CASE("On the device ReLU has slope 0 at 0") {
    check_against_float64(with_ties(make_case({40, 37, 21}, {Activation::relu, Link::softplus})));
}

TEST_CASE("The device's kernels visit more than one window of samples") {
    check_against_float64(make_case({order_window + 77, 3, 2}, {Activation::relu, Link::softplus}));
}

TEST_CASE(
    "Neither the threads' order nor the time at which copies arrive changes a bit on the device") {
    for (const Activation activation : all_activations) {
        const Case made = ragged_case(activation);
        for (const TileSize size : tiles_for(activation)) {
            const Results<float> expected = run(device_on_host(size, {}, 2), made);
            for (const Adversary& adversary : all_adversaries())
                CHECK(same_bits(run(device_on_host(size, adversary, 2), made), expected));
        }
    }
}

TEST_CASE("On the device what is not a number stays with the samples that it belongs to") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const Activation activation : all_activations) {
        const Case clean = make_case({40, 37, 21}, {activation, Link::softplus});
        Case in_u = clean;
        Case in_v = clean;
        in_u.u[7 * 21 + 4] = in_v.v[20 * 21 + 3] = nan;
        for (const TileSize size : tiles_for(activation)) {
            const Results<float> expected = run(device_on_host(size, {}), clean);
            const Results<float> with_u = run(device_on_host(size, {}), in_u);
            const Results<float> with_v = run(device_on_host(size, {}), in_v);
            for (std::int64_t b = 0; b < 40; ++b) {
                if (b != 7) CHECK(with_u.sum[b] == expected.sum[b]);
                if (clean.extent(b) <= 20) {
                    CHECK(with_v.sum[b] == expected.sum[b]);
                    CHECK(
                        std::equal(&with_v.u[b * 21], &with_v.u[b * 21] + 21, &expected.u[b * 21]));
                } else {
                    CHECK(std::isnan(with_v.sum[b]));
                }
            }
            CHECK(std::isnan(with_u.sum[7]) == (clean.extent(7) > 0));
        }
    }
}
