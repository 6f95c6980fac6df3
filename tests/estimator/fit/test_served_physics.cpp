#include <cmath>

#include "estimator/evaluate/evaluation.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "estimator/evaluate/predictions.hpp"
#include "estimator/evaluate/transfer.hpp"
#include "estimator/fit/length_confounding.hpp"
#include "estimator/fit/physics_fit.hpp"
#include "estimator/simulate/simulated_truths.hpp"
#include "tests/catch.hpp"
#include "tests/estimator/simulate/simulated_dataset.hpp"

using namespace decodemeter;

namespace {

SimulationParameters truth(std::string_view name, std::uint64_t seed = 1) {
    SimulationParameters parameters;
    apply_truth(parameters, find_truth(name));
    parameters.seed = seed;
    return parameters;
}

Predictions unseen_configurations(const Dataset& dataset) {
    return run_folds(dataset, make_folds(dataset, Split::leave_configuration_out, 5, 1),
                     physics_fold_model(1));
}

LatencyModel trained(const Dataset& dataset) {
    return build_latency_model(dataset, training_rows(dataset), unseen_configurations(dataset), 1);
}

double decode_mape(const Dataset& dataset, const Predictions& predictions) {
    return evaluate_model(dataset, predictions).errors.decode_total.mape_percent;
}

RatioSample ratio(int config, double decode) { return {0, config, 0, 30, decode, decode, decode}; }

// Two configurations without rows.
Dataset two_configurations() {
    Dataset dataset;
    dataset.datasets = {"set"};
    dataset.configs = {{Tier::low, 4, 8}, {Tier::low, 8, 8}};
    return dataset;
}

}  // namespace

TEST_CASE(
    "The error on unseen configurations is that of the error-free times, whatever the steps") {
    for (const char* name :
         {"flat", "first15", "first08", "first3x", "decay12", "prefill_real", "tail_dip", "slope01",
          "slope1", "equal_n_slope1", "kv", "long2048_kv", "hetero", "quantized"}) {
        const Dataset dataset = test::simulated_dataset(truth(name));
        INFO(name);
        CHECK(decode_mape(dataset, unseen_configurations(dataset)) <=
              *dataset.noise_floor_percent + 0.3);
    }
}

TEST_CASE("On flat records no step differs from another") {
    const Dataset dataset = test::simulated_dataset(truth("flat"));
    const Physics physics = fit_physics(dataset, training_rows(dataset));
    for (std::size_t curve = 1; curve < decode_curves; ++curve)
        CHECK(physics.decode[curve] == KnobCost{});
}

TEST_CASE("Last over first step is measured as it is predicted") {
    const auto check = [](const char* name, double ratio) {
        const Dataset dataset = test::simulated_dataset(truth(name));
        const ModelReport report = evaluate_model(dataset, unseen_configurations(dataset));
        INFO(name);
        CHECK(report.position_ratio == Approx(ratio).epsilon(0.02));
        CHECK(report.measured_position_ratio == Approx(ratio).epsilon(0.02));
    };
    check("first15", 1 / 1.5);
    check("tail_dip", 0.85);
    check("first08", 1 / 0.8);
}

TEST_CASE("The level of a measured configuration serves its further requests") {
    SimulationParameters parameters = truth("flat");
    parameters.noise.run = 0;
    parameters.noise.config = 0.02;
    parameters.requests = 1200;
    const Dataset dataset = test::simulated_dataset(parameters);
    const double unseen = decode_mape(dataset, unseen_configurations(dataset));
    const double measured = decode_mape(
        dataset,
        run_folds(dataset, make_folds(dataset, Split::by_sample, 5, 1), physics_fold_model(1)));
    CHECK(measured <= 0.8 * unseen);
    parameters.noise.config = 0;
    const Dataset alike = test::simulated_dataset(parameters);
    for (const ConfigurationLevel& level : trained(alike).physics.levels)
        CHECK(level.decode == Approx(1).margin(0.01));
}

TEST_CASE("A served time and its bounds never fall when tokens, blocks, experts or N grow") {
    for (const char* name : {"flat", "first15", "first08", "tail_dip", "heavy", "len_by_config"}) {
        SimulationParameters parameters = truth(name);
        parameters.noise.config = 0.05;
        parameters.top_k_exponent = 0.6;
        const LatencyModel model = trained(test::simulated_dataset(parameters));
        const auto times = [&](const Request& request, int tokens) {
            const Estimate e = predict(model, request, tokens);
            return std::array{e.prefill.expected_ms, e.prefill.p95_ms, e.decode.expected_ms,
                              e.decode.p95_ms,       e.total.p90_ms,   e.total.p95_ms,
                              e.total.p99_ms};
        };
        int fallen = 0;
        const auto compare = [&](const Request& less, int tokens, const Request& more, int longer) {
            const auto a = times(less, tokens);
            const auto b = times(more, longer);
            for (std::size_t i = 0; i < a.size(); ++i) fallen += b[i] < a[i] * (1 - 1e-12);
        };
        for (const int tier : {0, 2}) {
            for (int k = 0; k <= 16; ++k) {
                for (int blocks = 5; blocks <= 19; ++blocks) {
                    for (const int tokens : {1, 2, 3, 5, 6, 20, 21, 60}) {
                        const Request at{1152, 60, tier, k, blocks, 0};
                        compare(at, tokens, at, tokens + 1);
                        compare(at, tokens, {1152, 60, tier, k + 1, blocks, 0}, tokens);
                        compare(at, tokens, {1152, 60, tier, k, blocks + 1, 0}, tokens);
                        compare(at, tokens, {1200, 60, tier, k, blocks, 0}, tokens);
                        compare(at, tokens, {1152, 65, tier, k, blocks, 0}, tokens);
                    }
                }
            }
        }
        INFO(name);
        CHECK(fallen == 0);
    }
}

TEST_CASE("Lengths that follow a knob are found, and the bounds widened for long answers") {
    const Dataset confounded = test::simulated_dataset(truth("len_by_config"));
    const Dataset free = test::simulated_dataset(truth("flat"));
    const auto found = find_length_confounding(confounded, training_rows(confounded));
    REQUIRE(found);
    CHECK(found->explained_share > 0.25);
    CHECK_FALSE(find_length_confounding(free, training_rows(free)));
    const LatencyModel model = trained(confounded);
    CHECK(model.length_confounding == found);
    CHECK(parse_latency_model(to_json(model), "again").length_confounding == found);
    const auto samples = ratio_samples(confounded, unseen_configurations(confounded));
    CHECK(fit_bounds(samples, true).decode[3].p95 > fit_bounds(samples).decode[3].p95);
}

TEST_CASE("The ranges of a request are those of its tier") {
    const LatencyModel model = trained(test::simulated_dataset(truth("flat")));
    CHECK(predict(model, {288, 60, 0, 8, 16, 0}, 20).coverage == Coverage::ok);
    const Estimate estimate = predict(model, {1152, 60, 0, 8, 16, 0}, 20);
    CHECK(estimate.coverage == Coverage::interpolated);
    CHECK(estimate.feature == Feature::vision_tokens);
    CHECK(predict(model, {1152, 60, 2, 8, 16, 0}, 20).coverage == Coverage::ok);
}

TEST_CASE("The worst configuration is judged from eight requests on, or not at all") {
    std::vector<RatioSample> samples;
    for (int i = 0; i < 8; ++i) samples.push_back(ratio(0, i < 2 ? 1 : 9));
    for (int i = 0; i < 7; ++i) samples.push_back(ratio(1, 9));
    Bounds bounds;
    bounds.hierarchical = 1.1;
    const Dataset dataset = two_configurations();
    CHECK(coverage_under(dataset, samples, bounds).p95.worst_config == 0.25);
    samples.erase(samples.begin(), samples.begin() + 8);
    CHECK(std::isnan(coverage_under(dataset, samples, bounds).p95.worst_config));
}

TEST_CASE("One configuration says nothing about the hierarchical bound") {
    const Dataset dataset = test::simulated_dataset(truth("one_config"));
    const Bounds bounds = fit_bounds(ratio_samples(
        dataset,
        run_folds(dataset, make_folds(dataset, Split::by_sample, 5, 1), physics_fold_model(1))));
    CHECK_FALSE(bounds.hierarchical);
    CHECK(std::isnan(coverage_under(dataset, {}, bounds).hierarchical.overall));
}

TEST_CASE(
    "A transfer learns a first step that the source does not have, and says what it measured") {
    const Dataset source = test::simulated_dataset(truth("flat"));
    const LatencyModel model = trained(source);
    double coverage = 0;
    for (const std::uint64_t seed : {9, 10, 11, 12}) {
        SimulationParameters other = truth("first15", seed);
        for (double& cost : other.physics.beta) cost /= 2.3;
        const Dataset target = test::simulated_dataset(other);
        const LatencyModel moved = transferred(model, target, rows_to_measure(target, 20, 1));
        const Predictions predictions = predict_rows(target, training_rows(target), moved.physics);
        CHECK(decode_mape(target, predictions) <= *target.noise_floor_percent + 1);
        coverage +=
            coverage_under(target, ratio_samples(target, predictions), moved.bounds).p95.overall /
            4;
    }
    CHECK(coverage >= 0.93);
    const Dataset target = test::simulated_dataset(truth("first15", 9));
    const std::vector<int> ten = rows_to_measure(target, 10, 1);
    const LatencyModel few = transferred(model, target, ten);
    int measured = 0;
    for (const ConfigurationCost& cost : few.table.costs) {
        const Request request{cost.vision_tokens, 60, cost.tier, cost.top_k, cost.active_blocks, 0};
        measured += few.table.contains(request);
    }
    CHECK(measured == 10);
}

TEST_CASE("A transfer learns a part of the prefill that the source does not have") {
    SimulationParameters near = truth("flat");
    SimulationParameters far = truth("flat", 9);
    near.physics.gamma[1] = 0;
    for (double& cost : far.physics.gamma) cost /= 2.3;
    far.physics.gamma[1] = 2;  // for each crop
    const LatencyModel model = trained(test::simulated_dataset(near));
    REQUIRE(model.physics.physics.prefill[1][0] < 0.5);
    const Dataset target = test::simulated_dataset(far);
    const LatencyModel moved = transferred(model, target, rows_to_measure(target, 20, 1));
    const Predictions predictions = predict_rows(target, training_rows(target), moved.physics);
    CHECK(evaluate_model(target, predictions).errors.prefill.mape_percent <= 5);
}
