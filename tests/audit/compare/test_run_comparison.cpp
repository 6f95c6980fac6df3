#include "profiler/audit/compare/run_comparison.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "profiler/system/error.hpp"
#include "tests/audit/measured_records.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using Catch::Contains;
using Json = nlohmann::json;

namespace {

using Runs = std::vector<RecordSet>;

RecordSet run(double step_ms, std::uint64_t noise_seed) {
    test::MeasuredSet measured;
    measured.step_ms = 10;
    measured.samples = 100;
    RecordSet set = measured.make(1);
    test::Draws draws(noise_seed);
    for (SampleRecord& record : set.records) {
        double sum = 0;
        for (double& step : record.T_decode_per_step)
            sum += step = step_ms * (1 + 0.01 * draws.normal());
        record.T_LLM_decode = sum;
        record.T_LLM_prefill *= 1 + 0.01 * draws.normal();
    }
    return set;
}

// Runs whose own levels deviate by `level` (relative), drawn anew for each seed.
Runs runs(int count, double step_ms, double level, std::uint64_t seed) {
    test::Draws draws(seed);
    Runs sets;
    for (int i = 0; i < count; ++i) {
        const double factor = std::exp(level * draws.normal());
        sets.push_back(run(step_ms * factor, 100 * seed + static_cast<std::uint64_t>(i)));
    }
    return sets;
}

// Every second request has top_k 8, and this factor on its steps.
void make_two_configs(RecordSet& set, double factor) {
    for (std::size_t i = 1; i < set.records.size(); i += 2) {
        SampleRecord& record = set.records[i];
        record.config.top_k += 4;
        record.T_LLM_decode *= factor;
        for (double& step : record.T_decode_per_step) step *= factor;
    }
}

// The first `steps` steps of each request.
void cut(RecordSet& set, int steps) {
    for (SampleRecord& record : set.records) {
        if (record.decode_steps() <= steps) continue;
        record.output_tokens = steps + 1;
        record.T_decode_per_step.resize(static_cast<std::size_t>(steps));
        record.T_LLM_decode =
            std::accumulate(record.T_decode_per_step.begin(), record.T_decode_per_step.end(), 0.0);
    }
}

// Makes step 1 of each request dearer.
void slow_first_step(RecordSet& set, double factor) {
    for (SampleRecord& record : set.records) {
        if (record.T_decode_per_step.empty()) continue;
        record.T_LLM_decode += (factor - 1) * record.T_decode_per_step.front();
        record.T_decode_per_step.front() *= factor;
    }
}

double percent(const MedianInterval& change) { return 100 * std::expm1(change.median); }

RunComparison with_level(const RecordSet& a, const RecordSet& b, double run_level) {
    return compare_runs(Runs{a}, Runs{b}, {0.01, run_level});
}

}  // namespace

TEST_CASE("Single runs without a stated run level are UNDECIDED, whatever they show") {
    for (const double step_ms : {5.0, 10.0, 20.0}) {
        const RunComparison comparison = compare_runs(Runs{run(10, 1)}, Runs{run(step_ms, 2)});
        CHECK(comparison.verdict == RunVerdict::undecided);
        CHECK(comparison.step.median.confidence == 0);
        CHECK(percent(comparison.step.within) == Approx(10 * step_ms - 100).margin(0.5));
        CHECK_THAT(comparison_text(comparison), Contains("run-to-run variation is unknown"));
    }
}

TEST_CASE("With a stated run level only changes beyond it are FASTER or SLOWER") {
    CHECK(with_level(run(10, 1), run(10, 2), 0.001).verdict == RunVerdict::same);
    CHECK(with_level(run(10, 1), run(9, 2), 0.01).verdict == RunVerdict::faster);
    CHECK(with_level(run(10, 1), run(11, 2), 0.01).verdict == RunVerdict::slower);
    CHECK(with_level(run(10, 1), run(11, 2), 0.05).verdict == RunVerdict::undecided);
}

TEST_CASE("Of 40 unchanged pairs with a run level of 2 % at most 2 are FASTER or SLOWER") {
    int stated = 0;
    int repeated = 0;
    int single = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const auto decided = [](const RunComparison& comparison) {
            return comparison.verdict == RunVerdict::faster ||
                   comparison.verdict == RunVerdict::slower ||
                   comparison.verdict == RunVerdict::mixed;
        };
        const Runs a = runs(3, 10, 0.02, seed);
        const Runs b = runs(3, 10, 0.02, 1000 + seed);
        repeated += decided(compare_runs(a, b));
        stated += decided(with_level(a[0], b[0], 0.02));
        single += decided(compare_runs(Runs{a[0]}, Runs{b[0]}));
    }
    CHECK(repeated <= 2);
    CHECK(stated <= 2);
    CHECK(single == 0);
}

TEST_CASE("A step that is 10 % slower is found with three runs a side under a run level of 2 %") {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed)
        found += compare_runs(runs(3, 10, 0.02, seed), runs(3, 11, 0.02, 1000 + seed)).verdict ==
                 RunVerdict::slower;
    CHECK(found >= 38);
}

TEST_CASE("Longer answers are compared over the steps that both runs have") {
    RecordSet a = run(10, 1);
    RecordSet b = run(10, 2);
    slow_first_step(a, 1.5);
    slow_first_step(b, 1.5);
    cut(a, 4);
    const RunComparison comparison = with_level(a, b, 0.001);
    CHECK(comparison.verdict == RunVerdict::same);
    CHECK(std::fabs(percent(comparison.step.median)) < 0.5);
    CHECK_THAT(comparison.prompts.at(0), Contains("the answers differ in length"));
}

TEST_CASE(
    "Answers of other lengths without each step's time are refused, and the message says so") {
    RecordSet a = run(10, 1);
    RecordSet b = run(10, 2);
    for (RecordSet* set : {&a, &b}) {
        for (SampleRecord& record : set->records) record.T_decode_per_step.clear();
    }
    CHECK(with_level(a, b, 0.001).verdict == RunVerdict::same);
    for (SampleRecord& record : b.records) ++record.output_tokens;
    CHECK_THROWS_WITH(with_level(a, b, 0.001), Contains("without each step's time"));
}

TEST_CASE("Different requests are refused, and other prompts under the same key not compared") {
    const RecordSet a = run(10, 1);
    RecordSet b = run(10, 2);
    b.records[3].prompt_tokens += 5;
    RecordSet a_with = a;
    a_with.records[7].request_digest = "one";
    b.records[7].request_digest = "another";
    a_with.records[8].request_digest = b.records[8].request_digest = "one";
    CHECK_THAT(with_level(a_with, b, 0.001).prompts.at(0),
               Contains("the prompts differ: 2 requests"));
    const RunComparison comparison = with_level(a, b, 0.001);
    CHECK_THAT(comparison.prompts.at(0), Contains("the prompts differ: 1 requests"));
    CHECK_THAT(comparison_text(comparison), Catch::StartsWith("the prompts differ"));
    for (SampleRecord& record : b.records) record.key += "/other";
    CHECK_THROWS_WITH(with_level(a, b, 0.001), Contains("200 requests are not in all runs"));
}

TEST_CASE("Configurations that disagree make the comparison MIXED") {
    const auto mixed = [](double factor, std::uint64_t seed) {
        Runs a = runs(3, 10, 0.02, seed);
        Runs b = runs(3, 10, 0.02, 50 + seed);
        for (RecordSet& set : a) make_two_configs(set, 1);
        for (RecordSet& set : b) make_two_configs(set, factor);
        return compare_runs(a, b);
    };
    const RunComparison comparison = mixed(1.1, 3);
    CHECK(comparison.verdict == RunVerdict::mixed);
    CHECK_THAT(comparison.reason, Contains("configurations disagree"));
    CHECK(comparison.configs.size() == 2);
    const Json json = Json::parse(comparison_json(comparison));
    CHECK(json["verdict"] == "MIXED");
    CHECK(json["configurations"][0]["disagrees"] == true);
    CHECK(json["configurations"][0]["departure"]["change_percent"].get<double>() ==
          Approx(-4.7).margin(1));
    CHECK(percent(comparison.configs[1].departure) == Approx(4.8).margin(1));
    int false_mixed = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed)
        false_mixed += mixed(1, seed).verdict == RunVerdict::mixed;
    CHECK(false_mixed <= 2);
}

TEST_CASE("Single slow steps that move the mean and not the median are MIXED") {
    const RecordSet a = run(10, 1);
    RecordSet b = run(10, 2);
    for (std::size_t i = 0; i < b.records.size(); i += 5) {
        SampleRecord& record = b.records[i];
        if (record.T_decode_per_step.empty()) continue;
        record.T_decode_per_step.back() += 300;
        record.T_LLM_decode += 300;
    }
    const RunComparison comparison = with_level(a, b, 0.001);
    CHECK(comparison.verdict == RunVerdict::mixed);
    CHECK_THAT(comparison.reason, Contains("mean step is slower"));
    CHECK(percent(comparison.step.mean) > 10);
    CHECK(std::fabs(percent(comparison.step.median)) < 1);
}

TEST_CASE("What differs between the runs comes first, the model before all else") {
    Runs a{run(10, 1)};
    Runs b{run(9, 2)};
    a[0].run.emplace();
    b[0].run.emplace();
    b[0].run->device.name = "another";
    b[0].run->model.name = "olmoe";
    const RunComparison comparison = compare_runs(a, b);
    REQUIRE(comparison.differences.size() == 2);
    CHECK(comparison.differences[0].name == "model");
    CHECK_THAT(comparison_text(comparison),
               Catch::StartsWith("the model differs:  in A, olmoe in B"));
    const Json json = Json::parse(comparison_json(comparison));
    CHECK(json["differences"][1]["b"] == "another");
    CHECK(json["step"]["mean"]["interval_percent"].is_null());
    a.push_back(b[0]);
    CHECK_THROWS_WITH(compare_runs(a, b), Contains("the runs of A are not repetitions"));
}

TEST_CASE("Too few requests for an interval are UNDECIDED") {
    RecordSet a = run(10, 1);
    RecordSet b = run(20, 2);
    a.records.resize(3);
    b.records.resize(3);
    const RunComparison comparison = with_level(a, b, 0.001);
    CHECK(comparison.verdict == RunVerdict::undecided);
    CHECK(Json::parse(comparison_json(comparison))["step"]["median"]["interval_percent"].is_null());
}

TEST_CASE("Runs without a configuration in common cannot be compared, and single ones are named") {
    RecordSet a = run(10, 1);
    RecordSet b = run(10, 2);
    a.records.back().config.top_k = 12;
    a.records.back().key += "/12";
    CHECK(with_level(a, b, 0.001).only_in_one ==
          std::vector<std::string>{"high_12_16 (only in A)"});
    for (SampleRecord& record : b.records) record.config.top_k = 2;
    CHECK_THROWS_AS(with_level(a, b, 0.001), InputError);
}
