#include <cmath>
#include <random>

#include "estimator/evaluate/budget.hpp"
#include "estimator/evaluate/evaluation.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "estimator/evaluate/predictions.hpp"
#include "estimator/fit/nnls.hpp"
#include "estimator/fit/output_lengths.hpp"
#include "estimator/fit/physics_fit.hpp"
#include "tests/catch.hpp"
#include "tests/estimator/simulate/simulated_dataset.hpp"

using namespace decodemeter;

namespace {

ModelReport judge(const Dataset& dataset, Split split, const FoldModel& model) {
    return evaluate_model(dataset, run_folds(dataset, make_folds(dataset, split, 5, 3), model));
}

SimulationParameters of_seed(std::uint64_t seed, std::int64_t requests = 3000) {
    SimulationParameters parameters;
    parameters.seed = seed;
    parameters.requests = requests;
    return parameters;
}

}  // namespace

TEST_CASE("The sum of steps in closed form is the sum of the steps") {
    Physics physics;
    physics.decode = {{{2.0, 0.9, 0.05},
                       {1.0, 0, 0.01},
                       {0, 0.2, 0},
                       {0.7, 0, 0},
                       {0, 0.1, 0},
                       {0.3, 0, 0},
                       {0, 0.05, 0},
                       {0, 3e-4, 0},
                       {0, 2e-5, 0},
                       {0, 1e-4, 0}}};
    const Request request{1152, 60, 2, 8, 16, 13};
    const CurveValues curves = curve_values(physics, request.top_k, request.active_blocks);
    for (const int tokens : {1, 2, 3, 17, 64, 1000}) {
        double sum = 0;
        for (int s = 1; s < tokens; ++s)
            sum += s + 1 < tokens ? step_ms(curves, request, s) : last_step_ms(curves, request, s);
        CHECK(decode_ms(curves, request, tokens) == Approx(sum).epsilon(1e-9));
    }
}

TEST_CASE("Non-negative least squares finds the best point of the positive quadrant") {
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal;
    for (int trial = 0; trial < 200; ++trial) {
        NormalEquations<4> equations;
        std::vector<std::array<double, 5>> rows;
        for (int i = 0; i < 12; ++i) {
            std::array<double, 4> row{};
            for (double& value : row) value = normal(random);
            const double target = normal(random);
            equations.add(row, target, 1);
            rows.push_back({row[0], row[1], row[2], row[3], target});
        }
        const auto x = solve_non_negative(equations);
        // Optimality: the gradient is zero where x > 0, and points out of the quadrant where x = 0.
        for (std::size_t j = 0; j < 4; ++j) {
            double gradient = 0;
            for (const auto& row : rows)
                gradient += row[j] * (row[0] * x[0] + row[1] * x[1] + row[2] * x[2] +
                                      row[3] * x[3] - row[4]);
            CHECK(x[j] >= 0);
            if (x[j] > 0) CHECK(std::abs(gradient) < 1e-8);
            else CHECK(gradient > -1e-8);
        }
    }
}

TEST_CASE("Without noise the physical model is found again") {
    SimulationParameters parameters = of_seed(1, 1500);
    parameters.noise = {0, 0, 0, 0, 0, 0, 4};
    const Dataset dataset = test::simulated_dataset(parameters);
    const Physics physics = fit_physics(dataset, training_rows(dataset));
    for (const Row& row : dataset.rows) {
        const CurveValues curves =
            curve_values(physics, row.request.top_k, row.request.active_blocks);
        CHECK(decode_ms(curves, row.request, row.output_tokens) ==
              Approx(row.decode_ms).epsilon(1e-4));
        CHECK(prefill_ms(curves, row.request) == Approx(row.prefill_ms).epsilon(1e-4));
    }
}

TEST_CASE("Physics meets its targets on held-out configurations of several seeds and physics") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        SimulationParameters parameters = of_seed(seed);
        if (seed == 2)
            parameters.physics = {{0.5, 1.6, 0.01, 1e-4, 0, 0}, {20, 9, 1.5, 4e-3, 3e-4, 4e-7}};
        if (seed == 3) parameters.top_k_exponent = 0.8;
        const Dataset dataset = test::simulated_dataset(parameters);
        const ModelReport report =
            judge(dataset, Split::leave_configuration_out, physics_fold_model(seed));
        const double floor_percent = *dataset.noise_floor_percent;
        CHECK(report.errors.decode_total.mape_percent <= std::min(floor_percent + 1.5, 4.0));
        CHECK(report.errors.prefill.mape_percent <= 3);
        CHECK(report.errors.prefill.r2 >= 0.97);
        for (const auto& [position, errors] : report.by_position) CHECK(errors.mape_percent <= 3);
        CHECK(judge(dataset, Split::leave_level_out, physics_fold_model(seed))
                  .errors.decode_total.mape_percent <= 5);
        CHECK(judge(dataset, Split::leave_dataset_out, physics_fold_model(seed))
                  .errors.decode_total.mape_percent <= 4);
    }
}

TEST_CASE(
    "On flat data physics is as good as the table, and better on configurations it has not seen") {
    const Dataset dataset = test::simulated_dataset(test::flat_parameters(3000));
    const auto mape = [&](Split split, const FoldModel& model) {
        return judge(dataset, split, model).errors.decode_total.mape_percent;
    };
    CHECK(mape(Split::by_sample, physics_fold_model(1)) <=
          mape(Split::by_sample, table_fold_model()) + 0.3);
    CHECK(mape(Split::leave_configuration_out, physics_fold_model(1)) <
          mape(Split::leave_configuration_out, table_fold_model()));
    const ModelReport report =
        judge(dataset, Split::leave_configuration_out, physics_fold_model(1));
    CHECK(report.position_ratio == Approx(1).margin(0.02));
}

TEST_CASE("A step that slows by 0.5 % a token is found within a tenth") {
    SimulationParameters parameters = test::flat_parameters(3000);
    parameters.slope_percent_per_token = 0.5;
    const Dataset dataset = test::simulated_dataset(parameters);
    const ModelReport report =
        judge(dataset, Split::leave_configuration_out, physics_fold_model(1));
    CHECK(report.slope_percent_per_token == Approx(0.5).epsilon(0.1));
}

TEST_CASE(
    "Bounds hold for 95 of 100 requests in every bin of N, and the wider ones for nearly every "
    "configuration") {
    SimulationParameters parameters = of_seed(4, 6000);
    const Dataset dataset = test::simulated_dataset(parameters);
    const Predictions predictions = run_folds(
        dataset, make_folds(dataset, Split::leave_configuration_out, 5, 1), physics_fold_model(1));
    const CoverageReport coverage = coverage_of(dataset, predictions, 1);
    for (const auto& [bin, share] : coverage.p95.by_n) {
        INFO(bin);
        CHECK(share >= 0.93);
        CHECK(share <= 0.98);
    }
    CHECK(coverage.p95.mean_width_ratio <= 1.10);
    CHECK(coverage.hierarchical.overall >= coverage.p95.overall);
    CHECK(coverage.hierarchical.mean_width_ratio <= 1.12);
}

TEST_CASE(
    "The hierarchical bound covers the worst configuration, and one that is far from all others "
    "does not stretch it") {
    // In seed 3407 one data set under one configuration ran 9 % slower than the model: 4.4 standard
    // deviations.
    for (const std::uint64_t seed : {3407, 5, 6, 7}) {
        INFO(seed);
        const Dataset dataset = test::simulated_dataset(of_seed(seed, 10000));
        const Predictions predictions =
            run_folds(dataset, make_folds(dataset, Split::leave_configuration_out, 5, 1),
                      physics_fold_model(1));
        const CoverageReport coverage = coverage_of(dataset, predictions, 1);
        CHECK(coverage.hierarchical.worst_config >= 0.85);
        CHECK(coverage.hierarchical.mean_width_ratio <= 1.12);
    }
}

TEST_CASE("The conformal quantile is the ceil((n+1) level)-th value") {
    std::vector<double> values;
    for (int i = 1; i <= 99; ++i) values.push_back(i);
    CHECK(conformal_quantile(values, 0.95) == 95);
    CHECK(conformal_quantile(values, 0.99) == 99);
    CHECK(conformal_quantile({1, 2, 3}, 0.95) == 3);
    CHECK(conformal_quantile({}, 0.95) == 1);
}

TEST_CASE("The expectation of an unknown length is right for each data set's mean") {
    const Dataset dataset = test::simulated_dataset(of_seed(6, 4000));
    const auto rows = training_rows(dataset);
    LatencyModel model;
    model.physics = fit_physics_model(dataset, rows, 1);
    model.lengths = learn_output_lengths(dataset, rows);
    for (int name = 0; name < static_cast<int>(dataset.datasets.size()); ++name) {
        const std::string& label = dataset.datasets[static_cast<std::size_t>(name)];
        const LengthForecast forecast = forecast_lengths(model, dataset_task(label));
        double expected = 0;
        double measured = 0;
        for (const Row& row : dataset.rows) {
            if (row.dataset != name) continue;
            expected += decode_by_rule_ms(model, row.request, forecast, DecodeRule::expectation);
            measured += row.decode_ms;
        }
        INFO(label);
        CHECK(expected / measured == Approx(1).margin(0.02));
    }
}
