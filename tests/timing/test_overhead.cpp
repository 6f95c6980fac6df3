#include "profiler/timing/overhead.hpp"

#include <algorithm>
#include <cmath>

#include "tests/catch.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;

namespace {

// A machine with noise and an even drift, on which the instrument costs `overhead` of a run.
struct Machine {
    test::Draws draws;
    double overhead = 0;
    double noise = 0;
    double drift = 0;
    double slowness = 1;

    Milliseconds operator()(bool instrumented) {
        slowness *= 1 + drift;
        return Milliseconds(20 * slowness * (instrumented ? 1 + overhead : 1) *
                            std::exp(noise * draws.normal()));
    }
};

}  // namespace

TEST_CASE("Blocks are ABBA and BAAB in equal numbers, in an order that goes with the seed") {
    const auto blocks = abba_blocks(40, 7);
    int starting_with = 0;
    for (const AbbaBlock& block : blocks) {
        CHECK(block.instrumented[0] == block.instrumented[3]);
        CHECK(block.instrumented[1] == block.instrumented[2]);
        CHECK(block.instrumented[0] != block.instrumented[1]);
        starting_with += block.instrumented[0];
    }
    CHECK(starting_with == 20);
    const auto order = [](std::uint64_t seed) {
        std::vector<bool> firsts;
        for (const AbbaBlock& block : abba_blocks(40, seed))
            firsts.push_back(block.instrumented[0]);
        return firsts;
    };
    CHECK(order(7) == order(7));
    CHECK(order(7) != order(8));
    CHECK(abba_blocks(0, 1).empty());
}

TEST_CASE("A drift that is even in time is not taken for overhead") {
    const Overhead overhead = measure_overhead(30, 1, Machine{test::Draws(1), 0.004, 0, 0.01});
    CHECK(overhead.percent == Approx(0.4).margin(1e-9));
    CHECK(overhead.blocks == 30);
}

TEST_CASE("A cost of 0.3 % is found in noise of 0.5 %") {
    const Overhead overhead = measure_overhead(200, 3, Machine{test::Draws(3), 0.003, 0.005, 1e-5});
    CHECK(overhead.lower_percent > 0);
    CHECK(overhead.percent == Approx(0.3).margin(0.1));
    CHECK(overhead.p < 0.001);
    CHECK(overhead.microseconds() == Approx(0.003 * 1000 * overhead.run_ms).epsilon(0.4));
}

TEST_CASE("The interval holds the true overhead in about 95 % of the runs") {
    int held = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const Overhead overhead =
            measure_overhead(25, seed, Machine{test::Draws(seed + 99), 0.005, 0.01, 1e-5});
        held += overhead.lower_percent <= 0.5 && 0.5 <= overhead.upper_percent;
    }
    CHECK(held >= 930);
    CHECK(held <= 970);
}

TEST_CASE("Blocks with a run that gave no time are left out, and nothing at all is not a number") {
    auto blocks = abba_blocks(8, 1);
    for (AbbaBlock& block : blocks) block.times.fill(Milliseconds(5));
    blocks[2].times[1] = Milliseconds{};
    CHECK(estimate_overhead(blocks).blocks == 7);
    CHECK(estimate_overhead(blocks).percent == 0);
    CHECK(std::isnan(estimate_overhead({}).percent));
    CHECK(overhead_json(estimate_overhead({})).find("\"percent\":null") != std::string::npos);
}
