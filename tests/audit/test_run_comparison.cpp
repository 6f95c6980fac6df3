#include "profiler/audit/run_comparison.hpp"

#include <nlohmann/json.hpp>

#include "profiler/error/error.hpp"
#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using Json = nlohmann::json;

namespace {

RecordSet run(double step_ms, std::uint64_t seed) {
    test::MeasuredSet measured;
    measured.step_ms = step_ms;
    measured.samples = 200;
    return measured.make(seed);
}

void make_other_samples(RecordSet& set) {
    for (SampleRecord& record : set.records) record.key += "/other";
}

}  // namespace

TEST_CASE("The same cost is SAME, a cheaper step FASTER, a dearer one SLOWER") {
    const auto verdict = [](double step_ms) {
        return compare_runs(run(10, 1), run(step_ms, 1)).step.result.verdict;
    };
    CHECK(verdict(10) == Verdict::same);
    CHECK(verdict(9.5) == Verdict::faster);
    CHECK(verdict(10.5) == Verdict::slower);
}

TEST_CASE("Samples that both runs have are compared pair by pair, others side by side") {
    const RecordSet a = run(10, 1);
    RecordSet b = run(9, 2);
    CHECK(compare_runs(a, b).configs.at(0).step.result.paired);
    make_other_samples(b);
    const RunComparison comparison = compare_runs(a, b);
    CHECK_FALSE(comparison.configs.at(0).step.result.paired);
    CHECK(comparison.configs.at(0).step.result.verdict == Verdict::faster);
    CHECK(percent_of_log_ratio(comparison.configs.at(0).step.result.log_ratio.median) ==
          Approx(-10).margin(0.5));
    CHECK(comparison.step.result.pairs == 0);
    CHECK(comparison.step.result.verdict == Verdict::ambiguous);
}

TEST_CASE("Each configuration has a verdict of its own, and those of one run are named") {
    RecordSet a = run(10, 1), b = run(10, 1);
    for (std::size_t i = 0; i < a.records.size(); ++i) {
        const int top_k = i % 2 == 0 ? 4 : 8;
        a.records[i].config.top_k = b.records[i].config.top_k = top_k;
        if (top_k == 8) b.records[i].T_LLM_decode *= 1.1;
    }
    b.records.push_back(test::example_record(999));
    b.records.back().config.top_k = 12;
    const RunComparison comparison = compare_runs(a, b);
    REQUIRE(comparison.configs.size() == 2);
    CHECK(comparison.configs[0].step.result.verdict == Verdict::same);
    CHECK(comparison.configs[1].step.result.verdict == Verdict::slower);
    CHECK(comparison.configs[1].prefill.result.verdict == Verdict::same);
    CHECK(comparison.only_in_one == std::vector<std::string>{"high_12_16 (only in B)"});
    const Json json = Json::parse(comparison_json(comparison));
    CHECK(json["configurations"][1]["step"]["verdict"] == "SLOWER");
    CHECK(json["configurations"][1]["step"]["change_percent"].get<double>() ==
          Approx(10).margin(0.5));
    CHECK(comparison_text(comparison).find("not compared: high_12_16") != std::string::npos);
}

TEST_CASE("Too few samples are AMBIGUOUS") {
    RecordSet a = run(10, 1), b = run(20, 1);
    a.records.resize(3);
    b.records.resize(3);
    CHECK(compare_runs(a, b).configs.at(0).step.result.verdict == Verdict::ambiguous);
}

TEST_CASE("Runs without a configuration in common cannot be compared") {
    const RecordSet a = run(10, 1);
    RecordSet b = a;
    for (SampleRecord& record : b.records) record.config.top_k = 2;
    CHECK_THROWS_AS(compare_runs(a, b), InputError);
}

TEST_CASE("Runs on different devices are compared, and what differs is said") {
    RecordSet a = run(10, 1), b = run(9, 1);
    a.run.emplace();
    b.run.emplace();
    b.run->device.name = "another";
    CHECK(compare_runs(a, b).differences.size() == 1);
    CHECK(comparison_text(compare_runs(a, b)).find("run.json A's): device.name") !=
          std::string::npos);
}
