#include <map>
#include <set>
#include <tuple>

#include "profiler/profile/plan/schedule.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

std::multiset<std::tuple<std::size_t, std::size_t, int>> jobs_of(const std::vector<Round>& rounds) {
    std::multiset<std::tuple<std::size_t, std::size_t, int>> jobs;
    for (const Round& round : rounds) {
        for (const Job& job : round) jobs.emplace(job.sample, job.config, job.repeat);
    }
    return jobs;
}

}  // namespace

TEST_CASE("Every sample meets every configuration once in each repeat") {
    const auto jobs = jobs_of(make_rounds(7, 5, 3, 42));
    CHECK(jobs.size() == 7 * 5 * 3);
    CHECK(std::set<std::tuple<std::size_t, std::size_t, int>>(jobs.begin(), jobs.end()).size() ==
          jobs.size());
}

TEST_CASE("After any number of whole rounds all configurations have seen the same samples") {
    std::map<std::size_t, std::multiset<std::size_t>> seen;
    for (const Round& round : make_rounds(6, 4, 2, 1)) {
        for (const Job& job : round) seen[job.config].insert(job.sample);
        for (const auto& [config, samples] : seen) CHECK(samples == seen.begin()->second);
    }
}

TEST_CASE("The order comes from the seed and mixes the configurations") {
    CHECK(make_rounds(9, 6, 1, 5) == make_rounds(9, 6, 1, 5));
    CHECK(make_rounds(9, 6, 1, 5) != make_rounds(9, 6, 1, 6));
    std::set<std::size_t> first_configs;
    for (const Round& round : make_rounds(40, 6, 1, 5)) first_configs.insert(round.front().config);
    CHECK(first_configs.size() > 3);
}

TEST_CASE("Shards divide the rounds among them without loss or overlap") {
    auto together = jobs_of(make_rounds(10, 3, 2, 9, {0, 3}));
    together.merge(jobs_of(make_rounds(10, 3, 2, 9, {1, 3})));
    together.merge(jobs_of(make_rounds(10, 3, 2, 9, {2, 3})));
    CHECK(together == jobs_of(make_rounds(10, 3, 2, 9)));
}

TEST_CASE("Nothing to measure gives no rounds, or empty ones") {
    CHECK(make_rounds(0, 3, 2, 1).empty());
    CHECK(make_rounds(2, 0, 1, 1).front().empty());
}
