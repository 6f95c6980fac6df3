#include "estimator/data/dataset.hpp"

#include <cmath>
#include <limits>

#include "estimator/data/record_sources.hpp"
#include "estimator/data/splits.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/estimator/simulate/simulated_dataset.hpp"
#include "tests/record/example_record.hpp"

using namespace decodemeter;

namespace {

RecordSet of(std::vector<SampleRecord> records) {
    RecordSet set;
    set.records = std::move(records);
    return set;
}

std::string message_of(const RecordSet& set, const DatasetOptions& options = {}) {
    try {
        make_dataset(set, options);
    } catch (const InputError& error) {
        return error.what();
    }
    return {};
}

// Above the default threshold of 60 ms a token, and consistent.
SampleRecord slow_record() {
    SampleRecord record = test::example_record(2, 4);
    record.T_LLM_decode = 4 * 61;
    record.T_decode_per_step.assign(3, record.T_LLM_decode / 3);
    record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
    record.T_total = record.decode_end_ms + 0.125;
    return record;
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A row has N-1 steps, and prefill is vision and language together") {
    const Dataset dataset = make_dataset(of({test::example_record(1, 4)}));
    REQUIRE(dataset.rows.size() == 1);
    const Row& row = dataset.rows.front();
    CHECK(row.output_tokens == 4);
    CHECK(row.steps() == 3);
    CHECK(dataset.steps(row).size() == 3);
    CHECK(row.prefill_ms == 10.25 + 7.875);
    CHECK(row.decode_ms == 4.5);
    CHECK(row.request == Request{1152, 58, 2, 8, 16, 13});
}

TEST_CASE("An answer of one token has no step and keeps its prefill") {
    const Dataset dataset = make_dataset(of({test::example_record(1, 1)}));
    REQUIRE(dataset.rows.size() == 1);
    CHECK(dataset.rows.front().steps() == 0);
    CHECK_FALSE(dataset.rows.front().has_steps);
    CHECK(dataset.rows.front().prefill_ms > 0);
    CHECK_FALSE(dataset.rows.front().outlier);
}

TEST_CASE("Published steps of another number than N-1 are not used, and the total is") {
    SampleRecord record = test::example_record(1, 4);
    record.format = RecordFormat::published;
    record.T_decode_per_step.push_back(1.5);
    const Dataset dataset = make_dataset(of({record}));
    CHECK_FALSE(dataset.rows.front().has_steps);
    CHECK(dataset.rows.front().decode_ms == 4.5);
}

TEST_CASE("Records that contradict themselves are left out and counted by reason") {
    const auto broken = [](auto change) {
        SampleRecord record = test::example_record(2, 4);
        change(record);
        return record;
    };
    const Dataset dataset =
        make_dataset(of({test::example_record(1, 4), broken([](SampleRecord& r) { r.T_total = 5; }),
                         broken([](SampleRecord& r) { r.T_decode_per_step[0] += 1; }),
                         broken([](SampleRecord& r) { r.T_LLM_decode = 0; }),
                         broken([](SampleRecord& r) { r.T_LLM_prefill = r.T_total = 1e18; }),
                         broken([](SampleRecord& r) { r.config.top_k = 1 << 30; })}));
    CHECK(dataset.rows.size() == 1);
    CHECK(dataset.skipped ==
          std::map<std::string, std::int64_t>{{"T_LLM_decode is 0, and there are steps", 1},
                                              {"a time of more than eleven days", 1},
                                              {"the stages take longer than T_total", 1},
                                              {"the steps do not add up to T_LLM_decode", 1},
                                              {"top_k out of range", 1}});
}

TEST_CASE("Sources that differ are named, and the same directory is refused twice") {
    RecordSet a = of({test::example_record()});
    RecordSet b = a;
    a.run.emplace();
    a.run->device.name = "X";
    a.report.native = b.report.native = 1;
    b.run = a.run;
    const auto differences = [&] {
        return source_differences(std::vector{describe_source("a", a), describe_source("b", b)});
    };
    CHECK(differences().empty());
    b.run->device.type = "cuda";
    b.run->device.name = "Y";
    CHECK(differences() == std::vector<std::string>{"device: cpu X (a), cuda Y (b)"});
    b.run = a.run;
    b.run->model.dtype = "bfloat16";
    a.run->model.dtype = "float32";
    b.report.published = 1;
    b.report.native = 0;
    CHECK(differences() == std::vector<std::string>{"dtype: bfloat16 (b), float32 (a)",
                                                    "format: native (a), published (b)"});
    const auto refuse = [](std::vector<std::filesystem::path> paths) {
        refuse_repeated_paths(paths);
    };
    CHECK_THROWS_AS(refuse({"runs/a", "runs/b/../a"}), InputError);
    CHECK_THROWS_AS(refuse({"runs/a", "runs"}), InputError);
    CHECK_THROWS_AS(refuse({"runs/", "runs/a"}), InputError);
    CHECK_NOTHROW(refuse({"runs/a", "runs/ab"}));
}

TEST_CASE("Times that are no times are left out and counted") {
    SampleRecord nan = test::example_record(2);
    SampleRecord negative = test::example_record(3);
    SampleRecord none = test::example_record(4);
    nan.T_LLM_decode = std::numeric_limits<double>::quiet_NaN();
    negative.T_LLM_prefill = -1;
    none.T_vision_total = none.T_LLM_prefill = 0;
    const Dataset dataset = make_dataset(of({test::example_record(1), nan, negative, none}));
    CHECK(dataset.rows.size() == 1);
    CHECK(dataset.skipped.at("a time that is negative or not finite") == 2);
    CHECK(dataset.skipped.at("no prefill time") == 1);
    CHECK(holds(message_of(of({nan})), "none of 1 records can be used"));
}

TEST_CASE("Records above the threshold are kept for scoring and left out of the training") {
    const SampleRecord slow = slow_record();
    const Dataset dataset = make_dataset(of({test::example_record(1), slow}));
    CHECK(dataset.outliers == 1);
    CHECK(dataset.rows.size() == 2);
    CHECK(training_rows(dataset) == std::vector<int>{0});
}

TEST_CASE("Nothing but outliers is refused with what to do") {
    const SampleRecord slow = slow_record();
    CHECK(holds(message_of(of({slow})), "outlier_threshold"));
    DatasetOptions options;
    options.outlier_ms_per_token = 100;
    CHECK(message_of(of({slow}), options).empty());
}

TEST_CASE("Simulated records beside measured ones are refused unless asked for") {
    SampleRecord simulated = test::example_record(2);
    simulated.synthetic = true;
    const RecordSet both = of({test::example_record(1), simulated});
    CHECK(holds(message_of(both), "allow_synthetic"));
    DatasetOptions options;
    options.allow_synthetic = true;
    CHECK(message_of(both, options).empty());
}

TEST_CASE("The hash follows the records and not their order") {
    const SampleRecord first = test::example_record(1);
    const SampleRecord second = test::example_record(2);
    SampleRecord changed = second;
    changed.T_LLM_decode += 1e-9;
    const std::string hash = make_dataset(of({first, second})).records_hash;
    CHECK(hash.size() == 64);
    CHECK(make_dataset(of({second, first})).records_hash == hash);
    CHECK(make_dataset(of({first, changed})).records_hash != hash);
}

TEST_CASE("A random part of the records is the same for the same seed") {
    SimulationParameters parameters;
    parameters.requests = 300;
    DatasetOptions options;
    options.max_samples = 100;
    const Dataset once = test::simulated_dataset(parameters, options);
    const Dataset again = test::simulated_dataset(parameters, options);
    CHECK(once.rows.size() == 100);
    CHECK(once.left_out == 200);
    CHECK(once.records_hash == again.records_hash);
    options.seed = 1;
    CHECK(test::simulated_dataset(parameters, options).records_hash != once.records_hash);
}

TEST_CASE("No fold tests on a configuration, level or data set that it trained on") {
    SimulationParameters parameters;
    parameters.requests = 600;
    const Dataset dataset = test::simulated_dataset(parameters);
    std::vector<int> judged(dataset.rows.size());
    for (const Fold& fold : make_folds(dataset, Split::leave_configuration_out, 5, 1)) {
        for (const int row : fold.test) {
            ++judged[static_cast<std::size_t>(row)];
            for (const int other : fold.train)
                if (dataset.rows[static_cast<std::size_t>(other)].config ==
                    dataset.rows[static_cast<std::size_t>(row)].config)
                    FAIL("a configuration is on both sides");
        }
    }
    CHECK(std::all_of(judged.begin(), judged.end(), [](int times) { return times == 1; }));
    for (const Fold& fold : make_folds(dataset, Split::leave_dataset_out, 5, 1)) {
        for (const int row : fold.train)
            CHECK(dataset.datasets[static_cast<std::size_t>(
                      dataset.rows[static_cast<std::size_t>(row)].dataset)] != fold.label);
    }
    CHECK(make_folds(dataset, Split::leave_level_out, 5, 1).size() == 3 + 5 + 5);
}

TEST_CASE("One configuration cannot be left out, and the message says what there is") {
    SimulationParameters parameters;
    parameters.tiers = {1};
    parameters.top_k = {8};
    parameters.blocks = {16};
    parameters.requests = 40;
    const Dataset dataset = test::simulated_dataset(parameters);
    CHECK_THROWS_WITH(make_folds(dataset, Split::leave_configuration_out, 5, 1),
                      Catch::Contains("1 configurations"));
    CHECK(make_folds(dataset, Split::by_sample, 5, 1).size() == 5);
}
