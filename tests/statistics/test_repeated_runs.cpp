#include "profiler/statistics/repeated_runs.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;
using test::Draws;

TEST_CASE("The interval between two groups of runs is Student's, with the pooled deviation") {
    const RunLevels levels{{1.0, 2.0, 3.0}, {2.0, 4.0, 6.0}};
    const RunSpread spread = pooled_spread(std::span(&levels, 1), 1);
    CHECK(spread.degrees == 4);
    CHECK(spread.deviation == Approx(std::sqrt(2.5)));
    // scipy.stats.ttest_ind(b, a).confidence_interval(0.95)
    const MedianInterval change = level_change(levels, spread, 0, 0.95);
    CHECK(change.median == Approx(2));
    CHECK(change.lower == Approx(-1.584375218030051).epsilon(1e-9));
    CHECK(change.upper == Approx(5.584375218030051).epsilon(1e-9));
}

TEST_CASE("Without repeated runs and without a stated deviation nothing is known") {
    const RunLevels levels{{1.0}, {2.0}};
    const RunSpread spread = pooled_spread(std::span(&levels, 1), 1);
    CHECK_FALSE(spread.known());
    CHECK(level_change(levels, spread, 0, 0.95).confidence == 0);
    CHECK(level_change(levels, spread, 0, 0.95).median == 1);
    const MedianInterval stated = level_change(levels, stated_spread(0.3), 0.4, 0.95);
    CHECK(stated.upper - 1 == Approx(1.959964 * std::sqrt(2 * 0.09 + 0.16)).epsilon(1e-4));
}

TEST_CASE("The interval between unchanged groups holds 0 as often as it promises") {
    int held = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        Draws draws(seed);
        const RunLevels levels{{draws.normal(), draws.normal(), draws.normal()},
                               {draws.normal(), draws.normal()}};
        const RunSpread spread = pooled_spread(std::span(&levels, 1), 1);
        const MedianInterval change = level_change(levels, spread, 0, 0.95);
        held += change.lower <= 0 && change.upper >= 0;
    }
    CHECK(held >= 1870);
    CHECK(held <= 1930);
}
