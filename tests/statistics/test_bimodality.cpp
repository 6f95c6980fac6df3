#include <cmath>
#include <functional>
#include <vector>

#include "profiler/statistics/bimodality.hpp"
#include "tests/catch.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;
using test::Draws;

namespace {

std::vector<double> drawn(std::size_t n, std::uint64_t seed,
                          const std::function<double(Draws&)>& draw) {
    Draws draws(seed);
    std::vector<double> values(n);
    for (double& value : values) value = draw(draws);
    return values;
}

int found_in_1000(std::size_t n, const std::function<double(Draws&)>& draw) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed)
        found += find_two_groups(drawn(n, seed, draw)).found;
    return found;
}

}  // namespace

TEST_CASE("Two clusters are found with their centers and counts") {
    const auto values = drawn(
        200, 1, [](Draws& d) { return (d.uniform() < 0.3 ? 10.0 : 11.0) + 0.05 * d.normal(); });
    const TwoGroups groups = find_two_groups(values);
    CHECK(groups.found);
    CHECK(groups.lower_center == Approx(10).margin(0.02));
    CHECK(groups.upper_center == Approx(11).margin(0.02));
    CHECK(groups.lower_count + groups.upper_count == 200);
    CHECK_FALSE(find_two_groups(values, 2.0).found);
}

TEST_CASE("Clusters eight deviations apart are found in nearly every sample of 40") {
    CHECK(found_in_1000(40, [](Draws& d) { return (d.uniform() < 0.5 ? 0 : 8) + d.normal(); }) >=
          980);
}

TEST_CASE("One cluster of any usual shape is seldom taken for two") {
    CHECK(found_in_1000(30, [](Draws& d) { return d.normal(); }) <= 5);
    CHECK(found_in_1000(30, [](Draws& d) { return d.uniform(); }) <= 20);
    CHECK(found_in_1000(200, [](Draws& d) { return d.normal(); }) == 0);
    CHECK(found_in_1000(200, [](Draws& d) { return d.uniform(); }) == 0);
    CHECK(found_in_1000(50, [](Draws& d) { return std::exp(0.3 * d.normal()); }) <= 10);
    CHECK(found_in_1000(50, [](Draws& d) { return -std::log(d.uniform()); }) <= 40);
}

TEST_CASE("A few outliers are not a second group") {
    auto values = drawn(100, 4, [](Draws& d) { return d.normal(); });
    for (int i = 0; i < 5; ++i) values.push_back(100);
    CHECK_FALSE(find_two_groups(values).found);
    CHECK_FALSE(find_two_groups(std::vector<double>(30, 1.0)).found);
    CHECK_FALSE(find_two_groups(std::vector<double>{1, 2}).found);
}
