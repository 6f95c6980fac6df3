#include <algorithm>
#include <cmath>
#include <numeric>

#include "estimator/data/published_export.hpp"
#include "estimator/simulate/simulated_truths.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using Catch::Contains;

namespace {

SimulationParameters without_noise() {
    SimulationParameters parameters;
    parameters.noise = {0, 0, 0, 0, 0, 0, 1};
    parameters.physics.beta = {2.0, 0.9, 0.05, 0, 0, 0};
    parameters.requests = 60;
    parameters.lengths = {LengthRule::equal, 2, 12};
    return parameters;
}

// The steps of the first record beside the settled step of the same request.
std::vector<double> step_ratios(const SimulationParameters& parameters) {
    const SampleRecord record = simulate(parameters).records.front();
    SimulationParameters plain = parameters;
    plain.effects = {};
    plain.slope_percent_per_token = 0;
    const SampleRecord flat = simulate(plain).records.front();
    std::vector<double> ratios;
    for (std::size_t s = 0; s < record.T_decode_per_step.size(); ++s)
        ratios.push_back(record.T_decode_per_step[s] / flat.T_decode_per_step[s]);
    return ratios;
}

// Of request i to request 0's, without the configuration's own level.
std::vector<double> run_ratios(SimulationParameters parameters) {
    parameters.tiers = {1};
    parameters.top_k = {8};
    parameters.blocks = {16};
    std::vector<double> steps;
    for (const SampleRecord& record : simulate(parameters).records)
        steps.push_back(*decode_per_step_mean_ms(record));
    const double first = steps.front();
    for (double& step : steps) step /= first;
    return steps;
}

std::vector<int> lengths_of(const SimulationParameters& parameters) {
    std::vector<int> lengths;
    for (const SampleRecord& record : simulate(parameters).records)
        lengths.push_back(record.output_tokens);
    return lengths;
}

void check_refused(const SimulationParameters& parameters, const char* part) {
    CHECK_THROWS_WITH(simulate(parameters), Contains(part));
    CHECK_THROWS_AS(simulate(parameters), InputError);
}

}  // namespace

TEST_CASE("The first steps fall linearly to the settled level, the last step has its own factor") {
    SimulationParameters parameters = without_noise();
    parameters.effects.first_step_factor = 1.5;
    CHECK(step_ratios(parameters)[0] == Approx(1.5));
    CHECK(step_ratios(parameters)[1] == Approx(1));
    parameters.effects.transient_steps = 4;
    parameters.effects.last_step_factor = 0.85;
    const std::vector<double> ratios = step_ratios(parameters);
    CHECK(ratios[1] == Approx(1.375));
    CHECK(ratios[3] == Approx(1.125));
    CHECK(ratios[4] == Approx(1));
    CHECK(ratios[10] == Approx(0.85));
}

TEST_CASE("Slope, context, pages and period act on their positions") {
    SimulationParameters parameters = without_noise();
    parameters.slope_percent_per_token = 1;
    CHECK(step_ratios(parameters)[10] == Approx(1.1));
    parameters = without_noise();
    parameters.effects.context_percent_per_1000_tokens = 50;
    const int prompt = simulate(parameters).records.front().prompt_tokens;
    CHECK(step_ratios(parameters)[4] == Approx(1 + 0.5 * (prompt + 5) / 1000));
    parameters = without_noise();
    parameters.effects.page_tokens = prompt + 6;
    parameters.effects.page_jump_percent = 8;
    CHECK(step_ratios(parameters)[4] == Approx(1));
    CHECK(step_ratios(parameters)[5] == Approx(1.08));
    parameters = without_noise();
    parameters.effects.period_steps = 4;
    parameters.effects.period_percent = 6;
    CHECK(step_ratios(parameters)[1] == Approx(1.06));
    CHECK(step_ratios(parameters)[3] == Approx(0.94));
}

TEST_CASE("A share of the prefill moves into step 1") {
    SimulationParameters parameters = without_noise();
    const SampleRecord plain = simulate(parameters).records.front();
    parameters.effects.prefill_share_in_step_1 = 0.3;
    const SampleRecord record = simulate(parameters).records.front();
    CHECK(record.T_LLM_prefill == Approx(0.7 * plain.T_LLM_prefill));
    CHECK(record.T_decode_per_step[0] - plain.T_decode_per_step[0] ==
          Approx(0.3 * plain.T_LLM_prefill));
    CHECK(record.T_decode_per_step[1] == Approx(plain.T_decode_per_step[1]));
}

TEST_CASE("The published law replaces the physical model: 25 + 20 log(step + 1)") {
    SimulationParameters parameters = without_noise();
    parameters.effects.log_law_offset_ms = 25;
    parameters.effects.log_law_factor_ms = 20;
    const SampleRecord record = simulate(parameters).records.back();
    CHECK(record.T_decode_per_step[0] == Approx(25 + 20 * std::log(2.0)));
    CHECK(record.T_decode_per_step[9] == Approx(25 + 20 * std::log(11.0)));
}

TEST_CASE("Drift, shift and warm-up act on the place in the run") {
    SimulationParameters parameters = without_noise();
    parameters.effects.drift_percent = 8;
    CHECK(run_ratios(parameters).back() == Approx(1.08));
    parameters = without_noise();
    parameters.effects.shift_percent = 10;
    parameters.effects.shift_at = 0.6;
    CHECK(run_ratios(parameters)[34] == Approx(1));
    CHECK(run_ratios(parameters)[36] == Approx(1.1));
    parameters = without_noise();
    parameters.effects.warm_up_percent = 20;
    parameters.effects.warm_up_requests = 10;
    CHECK(run_ratios(parameters)[5] == Approx(1.1 / 1.2));
    CHECK(run_ratios(parameters)[10] == Approx(1 / 1.2));
}

TEST_CASE("Mixtures take their share of requests and of steps") {
    SimulationParameters parameters = without_noise();
    parameters.requests = 1000;
    parameters.effects.slow_request_share = 0.3;
    parameters.effects.slow_request_factor = 2;
    const auto slow = [&] {
        const std::vector<double> ratios = run_ratios(parameters);
        const double least = *std::min_element(ratios.begin(), ratios.end());
        return std::count_if(ratios.begin(), ratios.end(),
                             [&](double ratio) { return ratio > 1.5 * least; });
    };
    CHECK(slow() > 250);
    CHECK(slow() < 350);
    parameters.effects = {};
    parameters.effects.slow_step_share = 0.1;
    parameters.effects.slow_step_factor = 10;
    double steps = 0;
    double far = 0;
    for (const SampleRecord& record : simulate(parameters).records) {
        const auto& times = record.T_decode_per_step;
        const double least = *std::min_element(times.begin(), times.end());
        steps += static_cast<double>(times.size());
        far += static_cast<double>(std::count_if(times.begin(), times.end(),
                                                 [&](double time) { return time > 5 * least; }));
    }
    CHECK(far / steps == Approx(0.1).margin(0.01));
}

TEST_CASE("A repetition measures the same requests under other noise and another run level") {
    SimulationParameters parameters;
    parameters.requests = 100;
    parameters.effects.run_level = 0.02;
    const auto first = simulate(parameters).records;
    CHECK(simulate(parameters).records.back().T_LLM_decode == first.back().T_LLM_decode);
    parameters.effects.repetition = 1;
    const auto again = simulate(parameters).records;
    for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(again[i].key == first[i].key);
        CHECK(again[i].prompt_tokens == first[i].prompt_tokens);
        CHECK(again[i].output_tokens == first[i].output_tokens);
        if (first[i].decode_steps() > 0) CHECK(again[i].T_LLM_decode != first[i].T_LLM_decode);
    }
}

TEST_CASE("Effects leave the requests as they are") {
    SimulationParameters parameters;
    parameters.requests = 100;
    const auto plain = lengths_of(parameters);
    parameters.effects.slow_step_share = 0.2;
    parameters.effects.slow_request_share = 0.2;
    parameters.effects.run_level = 0.02;
    CHECK(lengths_of(parameters) == plain);
}

TEST_CASE("A clock's tick divides every step, and the steps still add up to the total") {
    SimulationParameters parameters;
    parameters.requests = 50;
    parameters.effects.clock_tick_ms = 0.25;
    for (const SampleRecord& record : simulate(parameters).records) {
        for (const double step : record.T_decode_per_step)
            CHECK(std::fabs(std::remainder(step, 0.25)) < 1e-9);
        CHECK(record.T_LLM_decode == Approx(std::accumulate(record.T_decode_per_step.begin(),
                                                            record.T_decode_per_step.end(), 0.0)));
    }
}

TEST_CASE("Answers get longer with what the length rule names") {
    SimulationParameters parameters = without_noise();
    parameters.requests = 400;
    parameters.lengths = {LengthRule::time, 2, 64};
    std::vector<int> lengths = lengths_of(parameters);
    CHECK(lengths[0] <= 3);
    CHECK(lengths[399] >= 51);
    parameters.lengths.rule = LengthRule::dataset;
    lengths = lengths_of(parameters);
    CHECK(lengths[0] <= 3);
    CHECK(lengths[3] >= 51);
    parameters.lengths.rule = LengthRule::configuration;
    const auto records = simulate(parameters).records;
    CHECK(records[0].output_tokens <= 3);
    CHECK(records[299].output_tokens >= 51);
    parameters.lengths.rule = LengthRule::equal;
    lengths = lengths_of(parameters);
    CHECK(std::count(lengths.begin(), lengths.end(), 64) == 400);
    parameters.lengths = {LengthRule::log_uniform, 2, 2048};
    lengths = lengths_of(parameters);
    CHECK(*std::max_element(lengths.begin(), lengths.end()) > 1500);
    CHECK(*std::min_element(lengths.begin(), lengths.end()) >= 2);
}

TEST_CASE("Simulated times of day follow each other") {
    SimulationParameters parameters;
    parameters.requests = 30;
    const auto records = simulate(parameters).records;
    CHECK(records[0].time < records[1].time);
    CHECK(records[28].time < records[29].time);
    CHECK(records[0].time.size() == std::string("1970-01-01T00:00:00.000Z").size());
}

TEST_CASE("Parameters without a meaning are refused before anything is drawn") {
    SimulationParameters parameters;
    parameters.top_k_exponent = 1000;
    check_refused(parameters, "top_k_exponent 1000");
    parameters = {};
    parameters.slope_percent_per_token = -1000;
    check_refused(parameters, "slope_percent_per_token -1000");
    parameters.slope_percent_per_token = -5;
    check_refused(parameters, "step 63 of top_k 4, 8 blocks would take -");
    parameters = {};
    parameters.requests = 99999999999;
    check_refused(parameters, "99999999999 requests of up to 64 tokens would take");
    parameters = {};
    parameters.effects.transient_steps = 0;
    check_refused(parameters, "transient_steps 0");
    parameters = {};
    parameters.effects.run_level = std::nan("");
    check_refused(parameters, "run_level nan");
    parameters = {};
    parameters.lengths = {LengthRule::uniform, 9, 8};
    check_refused(parameters, "lengths from 9 to 8");
}

TEST_CASE("Parameters read back as they were written, effects and lengths included") {
    SimulationParameters parameters;
    parameters.effects.first_step_factor = 1.5;
    parameters.effects.no_tiers = true;
    parameters.effects.warm_up_requests = 7;
    parameters.lengths = {LengthRule::dataset, 3, 40};
    const SimulationParameters read = parse_simulation_parameters(to_json(parameters), "here");
    CHECK(read.effects == parameters.effects);
    CHECK(read.lengths == parameters.lengths);
    const auto message = [](const char* text) {
        try {
            parse_simulation_parameters(text, "here");
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(message(R"({"effects":{"first":2}})")
              .starts_with("here: effects: unknown parameter \"first\"; known are "));
    CHECK(message(R"({"effects":{"page_tokens":1.5}})") ==
          "here: effects: page_tokens: give a whole number");
    CHECK(message(R"({"lengths":{"rule":"odd"}})")
              .starts_with("here: lengths: rule: unknown rule \"odd\""));
    CHECK(message(R"({"blocks":"1%"})") == "here: blocks: type must be array, but is string");
    CHECK(message("{").starts_with("here: not a JSON document (parse error at line 1"));
    CHECK(message(R"({"seed":-1})") == "here: seed: the number is out of range");
}

TEST_CASE("Every named truth can be simulated, and is what its name says") {
    for (const SimulatedTruth& truth : simulated_truths()) {
        SimulationParameters parameters;
        apply_truth(parameters, truth);
        CHECK_NOTHROW(check(parameters));
        CHECK(find_truth(truth.name).sentence == truth.sentence);
    }
    SimulationParameters parameters;
    apply_truth(parameters, find_truth("first15"));
    CHECK(parameters.effects.first_step_factor == 1.5);
    CHECK(parameters.requests == 320);
    CHECK_THROWS_AS(find_truth("none"), InputError);
}

TEST_CASE("A published figure per token has the divisor that was asked for") {
    SampleRecord record;
    record.output_tokens = 5;
    record.content_tokens = 4;
    record.T_LLM_prefill = 10;
    record.T_LLM_decode = 60;
    CHECK(per_token_ms(record, PerTokenFigure::output_tokens) == 12);
    CHECK(per_token_ms(record, PerTokenFigure::output_tokens_plus_1) == 10);
    CHECK(per_token_ms(record, PerTokenFigure::decode_steps) == 15);
    CHECK(per_token_ms(record, PerTokenFigure::content_tokens) == 15);
    CHECK(per_token_ms(record, PerTokenFigure::prefill_included) == 14);
    record.output_tokens = 1;
    CHECK(per_token_ms(record, PerTokenFigure::decode_steps) == 0);
    for (const char* name : {"N", "N+1", "N-1", "content_tokens", "prefill_included"})
        CHECK(to_string(*parse_per_token_figure(name)) == name);
    CHECK_FALSE(parse_per_token_figure("n"));
}
