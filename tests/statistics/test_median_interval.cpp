#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "profiler/statistics/median_interval.hpp"
#include "tests/catch.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;
using test::Draws;

namespace {

struct Distribution {
    std::function<double(Draws&)> draw;
    double median;
};

// Light, skewed and heavy tails, and two uneven clusters (the larger one holds 70 %: its 5/7
// quantile is the median).
const std::map<std::string, Distribution>& distributions() {
    static const std::map<std::string, Distribution> all = {
        {"uniform", {[](Draws& d) { return d.uniform(); }, 0.5}},
        {"normal", {[](Draws& d) { return d.normal(); }, 0}},
        {"exponential", {[](Draws& d) { return -std::log(d.uniform()); }, 0.6931471805599453}},
        {"log-normal", {[](Draws& d) { return std::exp(2 * d.normal()); }, 1}},
        {"Cauchy", {[](Draws& d) { return d.cauchy(); }, 0}},
        {"Pareto without a mean", {[](Draws& d) { return std::pow(d.uniform(), -2); }, 4}},
        {"two clusters",
         {[](Draws& d) { return d.normal() + (d.uniform() < 0.7 ? 0 : 20); }, 0.5659488}},
    };
    return all;
}

double coverage(const Distribution& distribution, std::size_t n, int runs, std::uint64_t seed) {
    Draws draws(seed);
    int held = 0;
    std::vector<double> values(n);
    for (int run = 0; run < runs; ++run) {
        for (double& value : values) value = distribution.draw(draws);
        const MedianInterval interval = median_interval(values);
        held += interval.lower <= distribution.median && distribution.median <= interval.upper;
    }
    return static_cast<double>(held) / runs;
}

}  // namespace

TEST_CASE("A nominal 95 % interval of a median covers 93 to 97 % of 1,000 runs") {
    for (const auto& [name, distribution] : distributions()) {
        for (const std::size_t n : {6u, 8u, 10u, 15u, 25u, 60u, 200u, 1000u}) {
            INFO(name << ", n = " << n);
            const double share = coverage(distribution, n, 1000, 20260108);
            CHECK(share >= 0.93);
            CHECK(share <= 0.97);
        }
    }
}

TEST_CASE(
    "Fewer than five values: the interval is their range and says how little it can promise") {
    const std::vector<double> four = {4, 1, 3, 2};
    const MedianInterval interval = median_interval(four);
    CHECK(interval.median == 2.5);
    CHECK(interval.lower == 1);
    CHECK(interval.upper == 4);
    CHECK(interval.confidence == Approx(0.875));
    CHECK(median_interval(std::vector<double>{7}).confidence == 0);
    CHECK(std::isnan(median_interval({}).median));
}

TEST_CASE("Five values reach 93.75 %, six the nominal 95 %") {
    CHECK(median_interval(std::vector<double>{1, 2, 3, 4, 5}).confidence == Approx(0.9375));
    const MedianInterval six = median_interval(std::vector<double>{1, 2, 3, 4, 5, 6});
    CHECK(six.confidence == 0.95);
    CHECK(six.lower > 1);
    CHECK(six.lower < 2);
}

TEST_CASE("The interval of a median turns with the sign of the values and scales with them") {
    Draws draws(3);
    std::vector<double> values;
    std::vector<double> mirrored;
    for (int i = 0; i < 37; ++i) {
        values.push_back(draws.normal());
        mirrored.push_back(-2 * values.back());
    }
    const MedianInterval a = median_interval(values);
    const MedianInterval b = median_interval(mirrored);
    CHECK(b.lower == Approx(-2 * a.upper));
    CHECK(b.upper == Approx(-2 * a.lower));
    CHECK(relative_half_width({10, 9, 11, 0.95}) == Approx(0.1));
}

TEST_CASE("More values make the interval narrower, as the square root of their number") {
    Draws draws(11);
    std::vector<double> values(40000);
    for (double& value : values) value = 100 + draws.normal();
    const std::span<const double> all(values);
    const MedianInterval few = median_interval(all.first(400));
    const MedianInterval many = median_interval(all);
    CHECK((few.upper - few.lower) / (many.upper - many.lower) == Approx(10).epsilon(0.25));
}
