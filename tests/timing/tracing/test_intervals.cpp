#include <algorithm>
#include <random>

#include "profiler/timing/tracing/intervals.hpp"
#include "tests/catch.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;
using test::Draws;

namespace {

Interval interval(std::int64_t start, std::int64_t end) {
    return {Nanoseconds(start), Nanoseconds(end)};
}

std::vector<Interval> random_intervals(std::uint64_t seed, int count) {
    Draws draws(seed);
    std::vector<Interval> intervals;
    for (int i = 0; i < count; ++i) {
        const int start = draws.integer(0, 1000);
        intervals.push_back(interval(start, start + draws.integer(0, 60)));
    }
    return intervals;
}

// The measure counted nanosecond by nanosecond.
std::int64_t counted(const std::vector<Interval>& intervals) {
    std::vector<char> covered(2000);
    for (const Interval& each : intervals) {
        for (std::int64_t t = each.start.count(); t < each.end.count(); ++t)
            covered[static_cast<std::size_t>(t)] = 1;
    }
    return std::count(covered.begin(), covered.end(), 1);
}

}  // namespace

TEST_CASE("The union of overlapping intervals counts what they share once") {
    CHECK(union_length({interval(0, 10), interval(5, 12), interval(20, 21)}) == Nanoseconds(13));
    CHECK(union_length({interval(0, 10), interval(2, 3), interval(10, 11)}) == Nanoseconds(11));
    CHECK(union_length({interval(5, 5), interval(9, 4)}) == Nanoseconds(0));
    CHECK(union_length({}) == Nanoseconds(0));
    CHECK(merged({interval(3, 4), interval(0, 1), interval(1, 2)}) ==
          std::vector<Interval>{interval(0, 2), interval(3, 4)});
}

TEST_CASE(
    "The union's measure is that of counting, in any order and however the intervals are cut") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        std::vector<Interval> intervals = random_intervals(seed, 40);
        const Nanoseconds expected(counted(intervals));
        CHECK(union_length(intervals) == expected);
        std::shuffle(intervals.begin(), intervals.end(), std::mt19937_64(seed));
        CHECK(union_length(intervals) == expected);
        std::vector<Interval> pieces;
        for (const Interval& whole : intervals) {
            const Nanoseconds middle = whole.start + whole.length() / 3;
            pieces.push_back({whole.start, middle});
            pieces.push_back({middle, whole.end});
        }
        CHECK(union_length(pieces) == expected);
    }
}

TEST_CASE("The part of a window that is covered, and the rest, make up the window") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const std::vector<Interval> disjoint = merged(random_intervals(seed, 10));
        Draws draws(seed + 1000);
        const int start = draws.integer(0, 900);
        const Interval window = interval(start, start + draws.integer(0, 200));
        std::vector<Interval> clipped;
        for (const Interval& each : disjoint) clipped.push_back(common_part(each, window));
        CHECK(covered_length(disjoint, window) == union_length(clipped));
        CHECK(covered_length(disjoint, window) <= window.length());
    }
    CHECK(covered_length({}, interval(0, 5)) == Nanoseconds(0));
}
