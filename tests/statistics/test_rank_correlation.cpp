#include <algorithm>
#include <cmath>

#include "profiler/statistics/rank_correlation.hpp"
#include "tests/catch.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;
using test::Draws;

TEST_CASE("Equal values share the mean of their ranks") {
    CHECK(ranks(std::vector<double>{10, 30, 20, 20}) == std::vector<double>{1, 4, 2.5, 2.5});
    CHECK(ranks({}).empty());
}

TEST_CASE("Rank correlation sees any rising curve as perfect, and none in a constant") {
    std::vector<double> x, y, flat;
    for (int i = 0; i < 50; ++i) {
        x.push_back(i);
        y.push_back(std::exp(0.3 * i));
        flat.push_back(1);
    }
    CHECK(rank_correlation(x, y).rho == Approx(1));
    CHECK(rank_correlation(x, y).p < 1e-6);
    CHECK(std::isnan(rank_correlation(x, flat).rho));
}

TEST_CASE("A slow drift under spikes is found, with its size") {
    Draws draws(5);
    std::vector<double> time, value;
    for (int i = 0; i < 300; ++i) {
        time.push_back(i);
        value.push_back(0.0001 * i + 0.01 * draws.normal() + (i % 50 == 0 ? 2 : 0));
    }
    const Drift drift = find_drift(time, value, 0.01);
    CHECK(drift.found);
    CHECK(drift.change == Approx(0.03).margin(0.006));
    CHECK_FALSE(find_drift(time, value, 0.1).found);
}

TEST_CASE("Steady series are taken for drifting in at most 5 of 1,000 cases") {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        Draws draws(seed);
        std::vector<double> time, value;
        for (int i = 0; i < 60; ++i) {
            time.push_back(draws.uniform());
            value.push_back(draws.cauchy());
        }
        found += find_drift(time, value, 0).found;
    }
    CHECK(found <= 5);
    CHECK_FALSE(find_drift(std::vector<double>{1, 2}, std::vector<double>{1, 2}, 0).found);
}
