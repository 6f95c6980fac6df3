#include "profiler/audit/steps/decode_times.hpp"

#include "tests/catch.hpp"
#include "tests/record/example_record.hpp"

using namespace decodemeter;

namespace {

// T_vision_total 10.25, T_LLM_prefill 7.875.
SampleRecord published(double decode_ms, double total_ms, std::vector<double> steps) {
    SampleRecord record = test::example_record(1, 4);
    record.format = RecordFormat::published;
    record.subtraction.reset();
    record.T_LLM_decode = decode_ms;
    record.T_total = total_ms;
    record.T_decode_per_step = std::move(steps);
    return record;
}

}  // namespace

TEST_CASE("A native record's decode time is direct, and its subtraction stands beside it") {
    const std::vector<SampleRecord> records = {test::example_record()};
    CHECK(decode_method(records[0]) == DecodeMethod::direct);
    const auto times = decode_times(records);
    REQUIRE(times.size() == 1);
    CHECK(times[0].tokens == 4);
    CHECK(times[0].signed_ms == -0.375);
    CHECK(times[0].subtraction_ms == 0);
    CHECK(times[0].direct_ms == 4.5);
}

TEST_CASE("A published decode time that T_total leaves over was subtracted") {
    const SampleRecord record = published(6.875, 25, {});
    CHECK(decode_method(record) == DecodeMethod::subtraction);
    const auto times = decode_times(std::vector{record});
    REQUIRE(times.size() == 1);
    CHECK(times[0].signed_ms == 6.875);
    CHECK_FALSE(times[0].direct_ms.has_value());
}

TEST_CASE("A published 0 whose parts exceed the total is a clamped negative difference") {
    const auto times = decode_times(std::vector{published(0, 18, {1.5, 1.5, 1.5})});
    REQUIRE(times.size() == 1);
    CHECK(times[0].signed_ms == -0.125);
    CHECK(times[0].subtraction_ms == 0);
    CHECK(times[0].direct_ms == 4.5);
}

TEST_CASE(
    "A published decode time that is the sum of its steps is direct, and compared with what "
    "T_total leaves") {
    const SampleRecord record = published(4.5, 25, {1.5, 1.5, 1.5});
    CHECK(decode_method(record) == DecodeMethod::direct);
    CHECK(decode_times(std::vector{record}).at(0).subtraction_ms == 6.875);
}

TEST_CASE("A total that was added up from its parts is no subtraction") {
    CHECK(decode_times(std::vector{published(4.5, 22.625, {1.5, 1.5, 1.5})}).empty());
}

TEST_CASE("Samples of one token have no decode time to compare") {
    CHECK(decode_times(std::vector{test::example_record(1, 1)}).empty());
}
