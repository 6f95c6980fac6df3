#include <nlohmann/json.hpp>

#include "profiler/audit/audit.hpp"
#include "profiler/audit/report/audit_report.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

SampleRecord record_with(std::int64_t sample, std::vector<double> steps_ms) {
    SampleRecord record;
    record.dataset = "photos";
    record.sample_id = sample;
    record.config = {Tier::high, 8, 16};
    record.key = record_key(record.dataset, sample, record.config, 0);
    record.prompt_tokens = 100;
    record.output_tokens = static_cast<int>(steps_ms.size()) + 1;
    for (const double step : steps_ms) record.T_LLM_decode += step;
    record.T_decode_per_step = std::move(steps_ms);
    record.decode_end_ms = record.T_total = record.T_LLM_decode;
    return record;
}

RecordSet two_slow_steps() {
    RecordSet set;
    set.records = {record_with(1, std::vector<double>(9, 3.0)),
                   record_with(2, {3, 3, 3, 3, 30, 3, 3, 3, 3}),
                   record_with(3, {3, 3, 3, 3, 3, 60, 3, 3, 3}), record_with(4, {3, 90})};
    set.records[1].flags = {"slow_step:allocator_grew"};
    set.report.read = set.report.native = 4;
    return set;
}

}  // namespace

TEST_CASE("An audit shows slow steps with their places, the slowest first") {
    const AuditReport report = audit(two_slow_steps());
    CHECK(report.slow_steps.steps == 2);
    CHECK(report.slow_steps.records == 2);
    CHECK(report.slow_steps.judged == 3);
    const auto json = nlohmann::json::parse(audit_json(report)).at("slow_steps");
    REQUIRE(json.at("worst").size() == 2);
    CHECK(json.at("worst")[0].at("sample_id") == 3);
    CHECK(json.at("worst")[0].at("step") == 6);
    CHECK(json.at("worst")[0].at("ratio") == 20);
    CHECK(json.at("worst")[0].at("cause") == "unknown");
    CHECK(json.at("worst")[1].at("cause") == "allocator_grew");
    CHECK(audit_text(report).find("2 decode steps took more than 5 x the median of their request, "
                                  "in 2 of 3 requests") != std::string::npos);
}

TEST_CASE("An audit without slow steps has no section on them") {
    RecordSet set;
    set.records = {record_with(1, std::vector<double>(9, 3.0))};
    set.report.read = set.report.native = 1;
    CHECK(audit_text(audit(set)).find("Slow steps") == std::string::npos);
}
