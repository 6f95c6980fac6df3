#ifdef _OPENMP
#include <omp.h>
#endif

#include "tests/catch.hpp"
#include "tests/kernels/position_sum/implementations.hpp"

using namespace decodemeter::kernels;

namespace {

constexpr PositionSumShape awkward_shapes[] = {
    {1, 1, 1},     {31, 33, 32}, {33, 31, 1}, {32, 32, 33}, {1, 1000, 7}, {1000, 1, 33},
    {5, 64, 1000}, {64, 0, 8},   {8, 8, 0},   {0, 5, 5},    {0, 0, 0},    {130, 129, 65},
};

void check_against_float64(const Case& made) {
    const Results<double> expected = reference(made);
    for (const Implementation& implementation : cpu_implementations()) {
        INFO(implementation.name << ", " << made.shape.batch << " x " << made.shape.positions
                                 << " x " << made.shape.hidden << ", activation "
                                 << static_cast<int>(made.options.activation) << ", link "
                                 << static_cast<int>(made.options.link));
        CHECK(excess(run(implementation, made), expected) <= 1);
    }
}

}  // namespace

TEST_CASE("The CPU's position sum and its gradients agree with float64 over awkward shapes") {
    for (const PositionSumShape& shape : awkward_shapes)
        for (const Activation activation : all_activations)
            for (const Link link : all_links)
                check_against_float64(make_case(shape, {activation, link}));
}

TEST_CASE("The CPU takes weights by sample or by row, and gives values and gradients of both") {
    for (const Weighting weighting : {Weighting::none, Weighting::by_sample, Weighting::table})
        for (const bool with_values : {false, true})
            for (const Activation activation : all_activations)
                check_against_float64(make_case({37, 45, 19}, {activation, Link::softplus},
                                                weighting, with_values, 3));
}

TEST_CASE("The CPU needs no values for weights that do not learn") {
    for (const Weighting weighting : {Weighting::by_sample, Weighting::table})
        check_against_float64(
            with_fixed_weights(make_case({37, 45, 19}, {Activation::relu, Link::exp}, weighting)));
}

TEST_CASE("On the CPU ReLU has slope 0 at 0") {
    check_against_float64(with_ties(make_case({40, 37, 21}, {Activation::relu, Link::softplus})));
}

TEST_CASE("The CPU sums a hundred thousand samples") {
    check_against_float64(make_case({100000, 3, 5}, {Activation::relu, Link::softplus}));
}

TEST_CASE("On the CPU neither a repetition nor the number of threads changes a bit") {
    for (const Activation activation : all_activations) {
        const Case made =
            make_case({200, 90, 70}, {activation, Link::softplus}, Weighting::none, true);
        for (const Implementation& implementation : cpu_implementations()) {
            const Results<float> expected = run(implementation, made);
            CHECK(same_bits(run(implementation, made), expected));
#ifdef _OPENMP
            const int threads = omp_get_max_threads();
            for (const int other : {1, 2, 3}) {
                omp_set_num_threads(other);
                CHECK(same_bits(run(implementation, made), expected));
            }
            omp_set_num_threads(threads);
#endif
        }
    }
}

TEST_CASE("On the CPU what is not a number stays with the samples that it belongs to") {
    for (const Activation activation : all_activations) {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), HUGE_VALF, -HUGE_VALF}) {
            const Case clean = make_case({40, 37, 21}, {activation, Link::softplus});
            Case in_u = clean;
            Case in_v = clean;
            in_u.u[7 * 21 + 4] = bad;
            in_v.v[20 * 21 + 3] = bad;
            for (const Implementation& implementation : cpu_implementations()) {
                INFO(implementation.name << " " << bad << ", activation "
                                         << static_cast<int>(activation));
                const Results<float> expected = run(implementation, clean);
                const Results<float> with_u = run(implementation, in_u);
                const Results<float> with_v = run(implementation, in_v);
                // SiLU takes another way through a panel of positions of which one is no ordinary
                // number.
                const auto same = [](float a, float b) {
                    return std::fabs(a - b) <= 1e-6f * std::fabs(b);
                };
                for (std::int64_t b = 0; b < 40; ++b) {
                    if (b != 7) CHECK(same(with_u.sum[b], expected.sum[b]));
                    if (clean.extent(b) <= 20) CHECK(same(with_v.sum[b], expected.sum[b]));
                    else if (bad != bad) CHECK(std::isnan(with_v.sum[b]));
                }
                if (bad != bad) CHECK(std::isnan(with_u.sum[7]) == (clean.extent(7) > 0));
            }
        }
    }
}
