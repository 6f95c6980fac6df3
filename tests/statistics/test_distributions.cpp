#include "profiler/statistics/distributions.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("The normal distribution at points from its tables") {
    CHECK(normal_cdf(0) == 0.5);
    CHECK(normal_cdf(1.959963984540054) == Approx(0.975).epsilon(1e-12));
    CHECK(normal_cdf(-3) == Approx(0.0013498980316301).epsilon(1e-12));
    CHECK(two_sided_p(2.5758293035489) == Approx(0.01).epsilon(1e-10));
    CHECK(two_sided_p(-2.5758293035489) == two_sided_p(2.5758293035489));
}

TEST_CASE("A fair coin's distribution, exact where it can be counted by hand") {
    CHECK(fair_coin_cdf(-1, 5) == 0);
    CHECK(fair_coin_cdf(5, 5) == 1);
    CHECK(fair_coin_cdf(0, 5) == Approx(1.0 / 32).epsilon(1e-12));
    CHECK(fair_coin_cdf(3, 5) == Approx(26.0 / 32).epsilon(1e-12));
    CHECK(fair_coin_cdf(0, 0) == 1);
}

TEST_CASE("A fair coin's two sides are mirror images, for many throws too") {
    for (const std::int64_t n : {7, 100, 4001, 1000000}) {
        const std::int64_t k = n / 2 - n / 50;
        CHECK(fair_coin_cdf(k, n) + fair_coin_cdf(n - k - 1, n) == Approx(1).epsilon(1e-9));
    }
    // n = 10,000, k = 4,900: two standard deviations below the middle, with the half-step that a
    // count has.
    CHECK(fair_coin_cdf(4900, 10000) == Approx(normal_cdf(-1.99)).epsilon(1e-3));
}
