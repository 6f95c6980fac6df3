#include "profiler/profile/plan/remaining_run.hpp"
#include "profiler/profile/run_estimate.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

namespace {

const std::vector<Configuration> two_configurations = {{{std::nullopt, 4, 16}, {}},
                                                       {{std::nullopt, 8, 16}, {}}};

std::vector<Sample> questions(int count) {
    std::vector<Sample> samples(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        samples[static_cast<std::size_t>(i)].dataset = "sums";
        samples[static_cast<std::size_t>(i)].sample_id = i;
    }
    return samples;
}

SampleRecord measured(std::int64_t id, const ConfigKey& config, int repeat, double step_ms = 2) {
    SampleRecord record;
    record.dataset = "sums";
    record.sample_id = id;
    record.config = config;
    record.key = record_key("sums", id, config, repeat);
    record.output_tokens = 3;
    record.T_LLM_decode = 2 * step_ms;
    record.T_total = 500;
    return record;
}

}  // namespace

TEST_CASE("A remaining run counts what is there and what is left, configuration by configuration") {
    const auto samples = questions(3);
    StoredRecords stored;
    stored.add(measured(0, two_configurations[0].key, 0));
    stored.add(measured(1, two_configurations[0].key, 0));
    stored.add(measured(2, two_configurations[1].key, 0));
    ProfileOptions options;
    options.subtraction = true;
    options.keep_text = true;
    const RemainingRun rest = remaining_run({samples, two_configurations, options}, stored);
    CHECK(rest.planned == 6);
    CHECK(rest.already_there == 3);
    CHECK(rest.left == std::vector<std::int64_t>{1, 2});
    CHECK(rest.without_subtraction == 3);
    CHECK(rest.without_text == 3);

    const auto estimate = estimate_from_records(two_configurations, rest);
    REQUIRE(estimate);
    CHECK(estimate->seconds == Approx(1.5));
}

TEST_CASE("Without a record of a configuration its time cannot be told from records") {
    StoredRecords stored;
    stored.add(measured(0, two_configurations[0].key, 0));
    const RemainingRun rest = remaining_run({questions(1), two_configurations, {}}, stored);
    CHECK_FALSE(estimate_from_records(two_configurations, rest));
}

TEST_CASE("A shard plans its own part alone") {
    ProfileOptions options;
    options.shard = {1, 4};
    const RemainingRun rest = remaining_run({questions(8), two_configurations, options}, {});
    CHECK(rest.planned == 4);
    CHECK(rest.left_in_all() == 4);
}

TEST_CASE("A tracing pass under a repeat's number is no repeat") {
    const auto samples = questions(1);
    const ConfigKey config = two_configurations[0].key;
    StoredRecords stored;
    stored.add(measured(0, config, 0));
    SampleRecord pass = measured(0, config, 1);
    pass.flags = {tracing_pass_flag};
    stored.add(pass);
    CHECK(repeat_number(stored, samples[0], config, 0) == 0);
    CHECK(repeat_number(stored, samples[0], config, 1) == 2);
    CHECK(repeat_number(stored, samples[0], config, 2) == 3);
    ProfileOptions options;
    options.repeats = 3;
    const RemainingRun rest = remaining_run({samples, {two_configurations[0]}, options}, stored);
    CHECK(rest.already_there == 1);
    CHECK(rest.left_in_all() == 2);
}

TEST_CASE("What is there counts for --until_ci") {
    const auto samples = questions(20);
    StoredRecords stored;
    for (int i = 0; i < 8; ++i) {
        stored.add(measured(i, two_configurations[0].key, 0, 2 + 0.001 * i));
        stored.add(measured(i, two_configurations[1].key, 0, i % 2 == 0 ? 2 : 3));
    }
    ProfileOptions options;
    options.until_ci = 0.01;
    RemainingRun rest = remaining_run({samples, two_configurations, options}, stored);
    CHECK(rest.goal.reached(0));
    CHECK_FALSE(rest.goal.reached(1));
    CHECK_FALSE(rest.goal.all_reached());
    CHECK(rest.left == std::vector<std::int64_t>{0, 12});
    options.until_ci = 0.5;
    rest = remaining_run({samples, two_configurations, options}, stored);
    CHECK(rest.goal.all_reached());
    CHECK(rest.left_in_all() == 0);
}

TEST_CASE("Passes that are there are not left") {
    const auto samples = questions(3);
    StoredRecords stored;
    SampleRecord pass = measured(0, two_configurations[1].key, 0);
    pass.key = tracing_pass_key("sums", 0, pass.config);
    pass.flags = {tracing_pass_flag};
    stored.add(pass);
    CHECK(tracing_passes_left({samples, two_configurations, {}}, 1, stored) == 1);
    CHECK(tracing_passes_left({samples, two_configurations, {}}, 9, stored) == 5);
}
