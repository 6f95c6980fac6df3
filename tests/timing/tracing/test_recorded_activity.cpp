#include "profiler/timing/tracing/recorded_activity.hpp"

#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"
#include "tests/timing/simulated_generate.hpp"

using namespace decodemeter;

namespace {

AttributedSteps attributed(int steps) {
    const test::SimulatedGenerate run(1, steps, 5);
    return attribute_activity(run.records, run.edges, {run.external_base});
}

}  // namespace

TEST_CASE("A tracing pass becomes a list for each figure, one entry for each step") {
    SampleRecord record = test::example_record(1, 4);
    const AttributedSteps steps = attributed(3);
    add_activity(record, steps);
    REQUIRE(record.cupti.has_value());
    REQUIRE(record.clocks->busy_ms.has_value());
    CHECK(record.cupti->kernels == std::vector<std::int64_t>{5, 5, 5});
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK((*record.clocks->busy_ms)[i] == steps.steps[i].busy.count());
        const double idle = record.cupti->idle_launch_ms[i] + record.cupti->idle_synchronize_ms[i] +
                            record.cupti->idle_gap_ms[i];
        CHECK((*record.clocks->busy_ms)[i] + idle == Approx(record.cupti->span_ms[i]));
    }
    CHECK(record.flags.empty());
}

TEST_CASE("Losses and a pass of another length are flagged") {
    SampleRecord record = test::example_record(1, 4);
    AttributedSteps steps = attributed(3);
    steps.losses.dropped = 1;
    add_activity(record, steps);
    CHECK(record.flags == std::vector<std::string>{"activity_lost"});
    CHECK(record.cupti->dropped == 1);
    SampleRecord longer = test::example_record(1, 6);
    add_activity(longer, attributed(3));
    CHECK(longer.flags == std::vector<std::string>{"activity_steps"});
    CHECK_FALSE(longer.clocks->busy_ms.has_value());
}

TEST_CASE("Events on the activity's clock are kept, and flagged where they contradict it") {
    const test::SimulatedGenerate run(2, 3, 5, true);
    AttributedSteps steps = attribute_activity(run.records, run.edges, {run.external_base});
    SampleRecord record = test::example_record(1, 4);
    add_activity(record, steps);
    REQUIRE(record.cupti->event_span_ms.has_value());
    CHECK(record.cupti->event_span_ms->size() == 3);
    CHECK(record.cupti->event_lag_ms->size() == 3);
    CHECK(record.cupti->events_matched == 4);
    CHECK(record.flags.empty());
    steps.events->misplaced = 2;
    SampleRecord contradicted = test::example_record(1, 4);
    add_activity(contradicted, steps);
    CHECK(contradicted.flags == std::vector<std::string>{"events_misplaced"});
    CHECK(contradicted.cupti->events_misplaced == 2);
}

TEST_CASE("Work on another stream than the events' is flagged") {
    test::SimulatedGenerate run(2, 3, 5, true);
    for (EventStamp& event : run.records.events) event.stream = 0;
    SampleRecord record = test::example_record(1, 4);
    add_activity(record, attribute_activity(run.records, run.edges, {run.external_base}));
    CHECK(record.cupti->events_matched == 0);
    CHECK(record.flags == std::vector<std::string>{"other_stream"});
}

TEST_CASE("A pass that was refused leaves its reason") {
    SampleRecord record = test::example_record();
    refuse_activity(record, "another tool");
    CHECK(record.cupti_refused == "another tool");
    CHECK_FALSE(record.cupti.has_value());
}
