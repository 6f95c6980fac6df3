#include <cmath>
#include <limits>

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

TEST_CASE("Student's t distribution as scipy has it, far tails included") {
    CHECK(student_t_two_sided_p(0.5, 1) == Approx(0.7048327646991335).epsilon(1e-10));
    CHECK(student_t_two_sided_p(-2.5, 3) == Approx(0.08770664700806556).epsilon(1e-10));
    CHECK(student_t_two_sided_p(0.01, 7) == Approx(0.9923003176436217).epsilon(1e-10));
    CHECK(student_t_two_sided_p(12, 10) == Approx(2.921408824769984e-07).epsilon(1e-10));
    CHECK(student_t_two_sided_p(3, 98) == Approx(0.0034232644637296143).epsilon(1e-10));
    CHECK(student_t_two_sided_p(30, 500) == Approx(7.214288888428143e-114).epsilon(1e-9));
    CHECK(student_t_two_sided_p(0, 5) == 1);
    CHECK(student_t_two_sided_p(std::numeric_limits<double>::infinity(), 5) == 0);
    CHECK(std::isnan(student_t_two_sided_p(std::nan(""), 5)));
}

TEST_CASE("The factor of an interval by Student's t, as scipy has it") {
    CHECK(student_t_factor(0.95, 1) == Approx(12.706204736174694).epsilon(1e-10));
    CHECK(student_t_factor(0.99, 4) == Approx(4.604094871349992).epsilon(1e-10));
    CHECK(student_t_factor(0.998, 300) == Approx(3.1176195538115232).epsilon(1e-10));
    CHECK(student_t_factor(0.5, 2) == Approx(0.8164965809277261).epsilon(1e-10));
}
