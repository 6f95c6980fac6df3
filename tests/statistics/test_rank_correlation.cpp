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
    std::vector<double> x;
    std::vector<double> y;
    std::vector<double> flat;
    for (int i = 0; i < 50; ++i) {
        x.push_back(i);
        y.push_back(std::exp(0.3 * i));
        flat.push_back(1);
    }
    CHECK(rank_correlation(x, y).rho == Approx(1));
    CHECK(rank_correlation(x, y).p < 1e-6);
    CHECK(std::isnan(rank_correlation(x, flat).rho));
}

TEST_CASE("p of up to 8 values is exact, ties included") {
    // scipy.stats.permutation_test over all pairings.
    const auto p = [](std::vector<double> x, std::vector<double> y) {
        return rank_correlation(x, y).p;
    };
    CHECK(p({1, 2, 3, 4}, {5, 6, 7, 8}) == Approx(0.08333333333333333).epsilon(1e-12));
    CHECK(p({1, 2, 3, 4, 5}, {2, 1, 4, 3, 5}) == Approx(0.13333333333333333).epsilon(1e-12));
    CHECK(p({1, 2, 3, 4, 5, 6}, {1, 3, 2, 5, 4, 6}) == Approx(0.03333333333333333).epsilon(1e-12));
    CHECK(p({1, 2, 3, 4, 5, 6, 7}, {1, 1, 2, 2, 3, 5, 4}) ==
          Approx(0.004761904761904762).epsilon(1e-12));
    CHECK(p({1, 2, 3, 4, 5, 6, 7, 8}, {3, 1, 2, 8, 4, 7, 5, 6}) ==
          Approx(0.11498015873015872).epsilon(1e-12));
    CHECK(p({1, 2}, {1, 2}) == 1);
}

TEST_CASE("p of more values is that of Student's t with n - 2 degrees of freedom") {
    // scipy.stats.spearmanr.
    const auto p = [](std::vector<double> y) {
        std::vector<double> x;
        for (std::size_t i = 0; i < y.size(); ++i) x.push_back(static_cast<double>(i));
        return rank_correlation(x, y).p;
    };
    CHECK(p({2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11}) ==
          Approx(9.543581826838402e-07).epsilon(1e-9));
    CHECK(p({7, 1, 4, 12, 6, 5, 8, 3, 10, 9, 2, 11}) == Approx(0.4299187850328841).epsilon(1e-9));
    CHECK(p({1, 1, 1, 2, 2, 3, 3, 3, 2, 5, 5, 4}) == Approx(0.00010012748217609956).epsilon(1e-9));
    // A perfect order of 10 values: 2 of the 10! orders.
    CHECK(p({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) == Approx(2 / 3628800.0).epsilon(1e-9));
}

TEST_CASE("A slow drift under spikes is found, with its size") {
    Draws draws(5);
    std::vector<double> time;
    std::vector<double> value;
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
        std::vector<double> time;
        std::vector<double> value;
        for (int i = 0; i < 60; ++i) {
            time.push_back(draws.uniform());
            value.push_back(draws.cauchy());
        }
        found += find_drift(time, value, 0).found;
    }
    CHECK(found <= 5);
    CHECK_FALSE(find_drift(std::vector<double>{1, 2}, std::vector<double>{1, 2}, 0).found);
}
