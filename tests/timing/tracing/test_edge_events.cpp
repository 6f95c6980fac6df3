#include "profiler/timing/tracing/edge_events.hpp"

#include <algorithm>

#include "profiler/timing/tracing/step_attribution.hpp"
#include "tests/catch.hpp"
#include "tests/timing/simulated_generate.hpp"

using namespace decodemeter;

namespace {

constexpr Nanoseconds us(int microseconds) { return Nanoseconds(1'000'000 + microseconds * 1000); }

RecordedEvent event(int called, int reached, std::uint64_t stream = 7) {
    return {{us(called), us(called + 1)}, us(reached), stream};
}

const std::vector<Nanoseconds> edges = {us(0), us(100), us(200)};

// Prefill until 20, step 1 from 30 to 110, step 2 from 120 to 215.
const std::vector<StreamExtent> work = {
    {0, 7, {us(-50), us(20)}}, {1, 7, {us(30), us(110)}}, {2, 7, {us(120), us(215)}}};

std::optional<EdgeEvents> place(const std::vector<RecordedEvent>& events,
                                const std::vector<Nanoseconds>& at,
                                const std::vector<StreamExtent>& extents) {
    return place_events(events, at, extents);
}

}  // namespace

TEST_CASE("Each edge takes the event recorded nearest to it, and spans run from one to the next") {
    const std::vector<RecordedEvent> events = {event(-9, 5), event(-2, 22), event(101, 112),
                                               event(202, 217), event(207, 218)};
    const auto placed = place_events(events, edges, work);
    REQUIRE(placed.has_value());
    CHECK(placed->span == std::vector<Milliseconds>{Nanoseconds(90'000), Nanoseconds(105'000)});
    CHECK(placed->lag == std::vector<Milliseconds>{Nanoseconds(2'000), Nanoseconds(2'000)});
    CHECK(placed->matched == 3);
    CHECK(placed->misplaced == 0);
}

TEST_CASE(
    "An event before the end of its step's work, or after the next step's began, is misplaced") {
    CHECK(place({event(-2, 22), event(101, 109), event(202, 217)}, edges, work)->misplaced == 1);
    CHECK(place({event(-2, 22), event(101, 121), event(202, 217)}, edges, work)->misplaced == 1);
    CHECK(place({event(-2, 31), event(101, 121), event(202, 214)}, edges, work)->misplaced == 3);
    // Within what two conversions of device times may differ.
    RecordedEvent close = event(101, 110);
    close.time -= Nanoseconds(80);
    CHECK(place({event(-2, 22), close, event(202, 217)}, edges, work)->misplaced == 0);
}

TEST_CASE("Of a step's work in several pieces the last end and the first start count") {
    const std::vector<StreamExtent> pieces = {{0, 7, {us(-50), us(20)}},
                                              {1, 7, {us(60), us(110)}},
                                              {1, 7, {us(30), us(50)}},
                                              {2, 7, {us(150), us(215)}},
                                              {2, 7, {us(120), us(130)}}};
    CHECK(place({event(-2, 22), event(101, 112), event(202, 217)}, edges, pieces)->misplaced == 0);
    CHECK(place({event(-2, 22), event(101, 105), event(202, 217)}, edges, pieces)->misplaced == 1);
    CHECK(place({event(-2, 22), event(101, 140), event(202, 217)}, edges, pieces)->misplaced == 1);
}

TEST_CASE("Work on another stream says nothing of an event") {
    std::vector<StreamExtent> both = work;
    both.push_back({1, 9, {us(25), us(190)}});
    CHECK(place({event(-2, 22), event(101, 112), event(202, 217)}, edges, both)->misplaced == 0);
}

TEST_CASE("Events on a stream without work match no edge, and are then never misplaced") {
    const auto elsewhere =
        place({event(-2, 5, 9), event(101, 190, 9), event(202, 203, 9)}, edges, work);
    CHECK(elsewhere->matched == 0);
    CHECK(elsewhere->misplaced == 0);
    CHECK(place({event(-2, 22, 9), event(101, 112), event(202, 217)}, edges, work)->matched == 2);
}

TEST_CASE("An edge without an event of its own leaves no events at all") {
    CHECK_FALSE(place({event(-2, 22), event(202, 217)}, edges, work).has_value());
    CHECK_FALSE(place({event(-2, 22), event(190, 195), event(202, 217)}, edges, work).has_value());
    CHECK_FALSE(place({}, edges, work).has_value());
    CHECK_FALSE(place({event(1, 2)}, {}, work).has_value());
}

TEST_CASE(
    "On a simulated device events and attribution agree, and an attribution that is off by a "
    "kernel does not") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        test::SimulatedGenerate run(seed, 16, 25, true);
        const AttributedSteps right =
            attribute_activity(run.records, run.edges, {run.external_base});
        REQUIRE(right.events.has_value());
        CHECK(right.events->matched == static_cast<std::int64_t>(run.edges.size()));
        CHECK(right.events->misplaced == 0);
        REQUIRE(right.events->span.size() == right.steps.size());
        for (std::size_t i = 0; i < right.steps.size(); ++i) {
            // The event comes when the work is done or the host has recorded it: both a few
            // microseconds later.
            CHECK(right.events->span[i].count() ==
                  Approx(right.steps[i].span.count()).margin(0.006));
            CHECK(right.events->lag[i].count() >= 0);
        }
        // The last kernel before an edge counted to the step after it.
        std::vector<Nanoseconds> early = run.edges;
        const auto last =
            std::find_if(run.records.calls.rbegin(), run.records.calls.rend(),
                         [&](const ApiCall& call) { return call.time.end < run.edges[8]; });
        early[8] = last->time.start - Nanoseconds(1);
        const AttributedSteps wrong = attribute_activity(run.records, early, {run.external_base});
        REQUIRE(wrong.events.has_value());
        CHECK(wrong.events->misplaced == 1);
    }
}
