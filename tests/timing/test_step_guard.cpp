#include "profiler/timing/step_guard.hpp"

#include "profiler/statistics/slow_steps.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using Lines = std::vector<std::string>;

namespace {

SampleRecord request(int prompt_tokens, std::vector<double> steps_ms) {
    SampleRecord record;
    record.key = "photos/000001/high_8_16/0";
    record.prompt_tokens = prompt_tokens;
    record.T_decode_per_step = std::move(steps_ms);
    return record;
}

const std::vector<double> one_slow = {3, 3, 3, 3, 3, 30, 3, 3, 3};

}  // namespace

TEST_CASE("A step above 5 x the median of its request is slow") {
    CHECK(slow_steps(std::vector<double>(8, 2.0)).empty());
    CHECK(slow_steps(std::vector<double>{2, 2, 2, 2, 2, 2, 2, 10}).empty());
    const auto slow = slow_steps(std::vector<double>{2, 2, 2, 2, 2, 2, 2, 11});
    REQUIRE(slow.size() == 1);
    CHECK(slow[0].step == 8);
    CHECK(slow[0].ratio == 5.5);
}

TEST_CASE("A request of few steps is not judged, nor one without times") {
    CHECK(slow_steps(std::vector<double>{2, 2, 2, 2, 2, 2, 40}).empty());
    CHECK(slow_steps(std::vector<double>(20, 0.0)).empty());
    CHECK(slow_steps({}).empty());
}

TEST_CASE("A slow step is flagged with its cause, counted, and shown with its place") {
    StepGuard guard;
    SampleRecord first = request(100, one_slow);
    SampleRecord again = request(100, one_slow);
    SampleRecord usual = request(100, std::vector<double>(9, 3.0));
    for (SampleRecord* record : {&first, &again, &usual}) guard.check(*record);
    CHECK(first.flags == Lines{"slow_step:first_use_of_length"});
    CHECK(again.flags == Lines{"slow_step:unknown"});
    CHECK(usual.flags.empty());
    CHECK(guard.steps() == 2);
    CHECK(guard.records() == 2);
    CHECK(slow_step_lines(guard) ==
          Lines{"slow steps: 2 decode steps, in 2 requests, took more than 5 x the median of their "
                "request",
                "  photos/000001/high_8_16/0, step 6: 10.0 x the median of its request, cause: "
                "first_use_of_length",
                "  photos/000001/high_8_16/0, step 6: 10.0 x the median of its request, cause: "
                "unknown"});
}

TEST_CASE("What the record says of its GPU and its memory comes before the length as a cause") {
    const auto cause = [](Lines flags) {
        StepGuard guard;
        SampleRecord record = request(100, one_slow);
        record.flags = std::move(flags);
        guard.check(record);
        return record.flags.back();
    };
    CHECK(cause({"allocator_grew"}) == "slow_step:allocator_grew");
    CHECK(cause({"clock_fell", "allocator_grew"}) == "slow_step:clock_fell");
    CHECK(cause({"throttled"}) == "slow_step:clock_fell");
}

TEST_CASE("A run without slow steps says nothing of them, and of many it shows the first") {
    StepGuard guard;
    CHECK(slow_step_lines(guard).empty());
    for (int i = 0; i < 30; ++i) {
        SampleRecord record = request(0, one_slow);
        guard.check(record);
        CHECK(record.flags == Lines{"slow_step:unknown"});
    }
    CHECK(guard.steps() == 30);
    CHECK(guard.places().size() == 10);
}
