#include <algorithm>
#include <set>

#include "profiler/samples/sample.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

std::vector<Sample> numbered(int count) {
    std::vector<Sample> samples;
    for (int i = 0; i < count; ++i) {
        samples.emplace_back().dataset = "d";
        samples.back().sample_id = i;
    }
    return samples;
}

std::vector<std::int64_t> ids(const std::vector<Sample>& samples) {
    std::vector<std::int64_t> result;
    for (const Sample& sample : samples) result.push_back(sample.sample_id);
    return result;
}

}  // namespace

TEST_CASE("A larger subset extends a smaller one of the same seed") {
    const auto large = ids(choose_samples(numbered(1000), 50, 3407));
    for (const std::size_t count : {1, 7, 49}) {
        const auto small = ids(choose_samples(numbered(1000), count, 3407));
        REQUIRE(small.size() == count);
        CHECK(std::equal(small.begin(), small.end(), large.begin()));
    }
    CHECK(std::set(large.begin(), large.end()).size() == 50);
}

TEST_CASE("Another seed chooses other samples") {
    CHECK(ids(choose_samples(numbered(1000), 20, 1)) != ids(choose_samples(numbered(1000), 20, 2)));
}

TEST_CASE("The choice is the same on every machine") {
    CHECK(ids(choose_samples(numbered(10), 10, 0)) ==
          std::vector<std::int64_t>{5, 1, 9, 7, 0, 4, 3, 2, 6, 8});
}

TEST_CASE("A subset of more than there are is all of them") {
    auto all = ids(choose_samples(numbered(10), 99, 5));
    REQUIRE(all.size() == 10);
    std::sort(all.begin(), all.end());
    CHECK(all == ids(numbered(10)));
    CHECK(choose_samples({}, 5, 1).empty());
    CHECK(choose_samples(numbered(3), 0, 1).empty());
}

TEST_CASE("Every sample is chosen about as often as any other") {
    std::vector<int> chosen(20, 0);
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        for (const std::int64_t id : ids(choose_samples(numbered(20), 5, seed)))
            ++chosen[static_cast<std::size_t>(id)];
    }
    // 1000 expected, with a standard deviation of 27.
    CHECK(*std::min_element(chosen.begin(), chosen.end()) > 850);
    CHECK(*std::max_element(chosen.begin(), chosen.end()) < 1150);
}
