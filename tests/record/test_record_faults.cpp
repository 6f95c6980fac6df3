#include "profiler/record/record_faults.hpp"

#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"

using namespace decodemeter;

TEST_CASE("A record as it is written contradicts nothing") {
    CHECK(impossible_values(test::example_record()).empty());
    CHECK(impossible_values(test::example_record(1, 1)).empty());
    CHECK_FALSE(has_zero_decode(test::example_record()));
    CHECK_FALSE(has_zero_decode(test::example_record(1, 1)));
    CHECK_FALSE(is_throttled(test::example_record()));
    CHECK_FALSE(has_losses(test::example_record()));
}

TEST_CASE("Each contradiction is named") {
    const auto fault_of = [](auto change) {
        SampleRecord record = test::example_record();
        change(record);
        const auto faults = impossible_values(record);
        return faults.empty() ? std::string() : faults.front();
    };
    CHECK(fault_of([](SampleRecord& r) { r.T_decode_per_step.pop_back(); }) ==
          "T_decode_per_step has another length than N - 1");
    CHECK(fault_of([](SampleRecord& r) { r.T_decode_per_step[1] = 0; }) == "a step takes no time");
    CHECK(fault_of([](SampleRecord& r) { r.T_decode_per_step[1] += 0.5; }) ==
          "the steps do not add up to T_LLM_decode");
    CHECK(fault_of([](SampleRecord& r) { r.decode_end_ms += 1; }) ==
          "T_LLM_decode is not decode_end_ms - decode_start_ms");
    CHECK(fault_of([](SampleRecord& r) { r.T_total = 5; }) ==
          "the stages take longer than T_total");
    CHECK(fault_of([](SampleRecord& r) { r.T_LLM_prefill = r.T_total = 1e18; }) ==
          "a time of more than eleven days");
    CHECK(fault_of([](SampleRecord& r) { r.content_tokens = 9; }) ==
          "content_tokens above output_tokens");
    CHECK(fault_of([](SampleRecord& r) {
              r.cupti = CuptiSummary{};
              r.cupti->span_ms = {1.5, 1.5, 1.5};
              r.clocks->busy_ms = std::vector<double>{1.25, 1.75, 1.25};
          }) == "a step is busy for longer than its span");
    CHECK(fault_of([](SampleRecord& r) {
              r.cupti = CuptiSummary{};
              r.cupti->events_misplaced = 1;
          }) == "a step's work lies outside of the CUDA events at its edges");
}

TEST_CASE(
    "Throttling is read from the GPU's own reasons and from flags, losses from the tracing pass") {
    SampleRecord record = test::example_record();
    record.gpu->throttle = {"sw_thermal_slowdown"};
    CHECK(is_throttled(record));
    record.gpu.reset();
    CHECK_FALSE(is_throttled(record));
    record.flags = {"throttled"};
    CHECK(is_throttled(record));
    record.cupti = CuptiSummary{};
    CHECK_FALSE(has_losses(record));
    record.cupti->dropped = 3;
    CHECK(has_losses(record));
}
