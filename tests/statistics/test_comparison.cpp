#include <algorithm>
#include <cmath>

#include "profiler/statistics/comparison.hpp"
#include "tests/catch.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;
using test::Draws;

namespace {

// `n` requests of very different length, each timed under A and, `factor` times as long, under B.
struct Sides {
    std::vector<double> a;
    std::vector<double> b;
    Sides(std::size_t n, double factor, double noise, std::uint64_t seed) {
        Draws draws(seed);
        for (std::size_t i = 0; i < n; ++i) {
            const double request = std::exp(draws.normal());
            a.push_back(request * std::exp(noise * draws.normal()));
            b.push_back(request * factor * std::exp(noise * draws.normal()));
        }
    }
};

}  // namespace

TEST_CASE("The sign test's p-values are those of a fair coin") {
    CHECK(sign_test_p(0, 10) == Approx(2.0 / 1024));
    CHECK(sign_test_p(10, 0) == Approx(2.0 / 1024));
    CHECK(sign_test_p(5, 5) == 1);
    CHECK(sign_test_p(0, 0) == 1);
}

TEST_CASE("Paired times are told apart although the requests differ far more than the sides") {
    const Sides faster(100, 0.97, 0.01, 1), slower(100, 1.03, 0.01, 2), same(400, 1.0, 0.01, 3);
    const Comparison gain = compare_paired(faster.a, faster.b);
    CHECK(gain.verdict == Verdict::faster);
    CHECK(percent_of_log_ratio(gain.log_ratio.median) == Approx(-3).margin(0.5));
    CHECK(gain.p < 1e-6);
    CHECK(compare_paired(slower.a, slower.b).verdict == Verdict::slower);
    CHECK(compare_paired(same.a, same.b).verdict == Verdict::same);
}

TEST_CASE("Too few or too noisy pairs are ambiguous, not the same") {
    const Sides few(4, 0.9, 0.001, 4), noisy(20, 1.005, 0.2, 5);
    CHECK(compare_paired(few.a, few.b).verdict == Verdict::ambiguous);
    CHECK(compare_paired(noisy.a, noisy.b).verdict == Verdict::ambiguous);
    CHECK(compare_paired({}, {}).verdict == Verdict::ambiguous);
}

TEST_CASE("Swapping the sides of a comparison swaps its verdict") {
    const Sides sides(60, 0.95, 0.02, 6);
    const Comparison forth = compare_paired(sides.a, sides.b);
    const Comparison back = compare_paired(sides.b, sides.a);
    CHECK(forth.verdict == Verdict::faster);
    CHECK(back.verdict == Verdict::slower);
    CHECK(back.log_ratio.lower == Approx(-forth.log_ratio.upper));
    const Comparison other_forth = compare_unpaired(sides.a, sides.b);
    const Comparison other_back = compare_unpaired(sides.b, sides.a);
    CHECK(other_back.log_ratio.median == Approx(-other_forth.log_ratio.median));
}

TEST_CASE("Pairs with a time of zero are left out and counted out") {
    const Comparison comparison =
        compare_paired(std::vector<double>{1, 0, 2}, std::vector<double>{2, 1, 0});
    CHECK(comparison.pairs == 1);
}

TEST_CASE("Unpaired sides: the interval of the shift covers 93 to 97 % of 1,000 runs") {
    for (const std::size_t n : {8u, 30u}) {
        Draws draws(77);
        int held = 0;
        for (int run = 0; run < 1000; ++run) {
            std::vector<double> a;
            std::vector<double> b;
            for (std::size_t i = 0; i < n; ++i) a.push_back(std::exp(0.1 * draws.normal()));
            for (std::size_t i = 0; i < 2 * n; ++i)
                b.push_back(1.1 * std::exp(0.1 * draws.normal()));
            const MedianInterval interval = compare_unpaired(a, b).log_ratio;
            held += interval.lower <= std::log(1.1) && std::log(1.1) <= interval.upper;
        }
        INFO("n = " << n);
        CHECK(held >= 930);
        CHECK(held <= 970);
    }
}

TEST_CASE("Two runs of the same thing are called different in few of 1,000 cases") {
    int wrong = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const Sides sides(40, 1.0, 0.02, 1000 + seed);
        const Verdict verdict = compare_paired(sides.a, sides.b).verdict;
        wrong += verdict == Verdict::faster || verdict == Verdict::slower;
    }
    CHECK(wrong <= 70);
}

TEST_CASE("Large unpaired sides are thinned, and the answer stays") {
    Draws draws(9);
    std::vector<double> a;
    std::vector<double> b;
    for (int i = 0; i < 5000; ++i) {
        a.push_back(std::exp(0.2 * draws.normal()));
        b.push_back(0.9 * std::exp(0.2 * draws.normal()));
    }
    const Comparison comparison = compare_unpaired(a, b);
    CHECK(comparison.verdict == Verdict::faster);
    CHECK(percent_of_log_ratio(comparison.log_ratio.median) == Approx(-10).margin(1.5));
}
