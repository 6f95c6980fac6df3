#include "estimator/fit/residual_fit.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "estimator/data/splits.hpp"
#include "estimator/fit/physics_fit.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr int hidden = 12;
constexpr int outputs = 2;  // decode, prefill
constexpr int iterations = 250;
constexpr double learning_rate = 0.03;
constexpr double weight_decay = 1e-3;
// A cell of this many records counts half as much as one of very many: its records share one run's
// error.
constexpr double records_for_half = 10;
constexpr int selection_parts = 5;
constexpr std::size_t token_features = 2;  // vision and text tokens come first

// All requests of one configuration and data set.
struct Cell {
    Features features{};
    std::array<double, outputs> target{};  // mean log(measured / physics)
    std::array<double, outputs> records{};
    double count = 0;
};

// The tokens are 0: the correction depends on the knobs alone, as residual_factors has it.
Features knob_features(const Request& request) {
    return features_of({0, 0, request.tier, request.top_k, request.active_blocks, 0});
}

CurveValues curves_at(const Physics& physics, const Row& row) {
    return curve_values(physics, row.request.top_k, row.request.active_blocks);
}

void add(Cell& cell, int output, double measured, double predicted) {
    if (measured <= 0 || predicted <= 0) return;
    cell.target[output] +=
        std::clamp(std::log(measured / predicted), -2 * residual_limit, 2 * residual_limit);
    cell.records[output] += 1;
}

std::vector<Cell> make_cells(const Dataset& dataset, std::span<const int> rows,
                             const Physics& physics) {
    std::map<std::pair<int, int>, Cell> cells;
    for (const int index : rows) {
        const Row& row = dataset.rows[index];
        Cell& cell = cells[{row.config, row.dataset}];
        const Features features = knob_features(row.request);
        for (std::size_t i = 0; i < feature_count; ++i) cell.features[i] += features[i];
        cell.count += 1;
        const CurveValues curves = curves_at(physics, row);
        if (row.steps() > 0)
            add(cell, 0, row.decode_ms, decode_ms(curves, row.request, row.output_tokens));
        add(cell, 1, row.prefill_ms, prefill_ms(curves, row.request));
    }
    std::vector<Cell> list;
    for (auto& [key, cell] : cells) {
        for (double& feature : cell.features) feature /= cell.count;
        for (int i = 0; i < outputs; ++i) cell.target[i] /= std::max(cell.records[i], 1.0);
        list.push_back(cell);
    }
    return list;
}

// Weights and biases of both layers in one row, so that one optimizer step covers them.
struct Parameters {
    static constexpr int first_weight = 0;
    static constexpr int first_bias = hidden * static_cast<int>(feature_count);
    static constexpr int second_weight = first_bias + hidden;
    static constexpr int second_bias = second_weight + outputs * hidden;
    static constexpr int count = second_bias + outputs;
    std::array<double, count> values{};
};

Parameters initial_parameters(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    Parameters parameters;
    for (int i = 0; i < Parameters::first_bias; ++i)
        parameters.values[i] = uniform(random) / std::sqrt(feature_count);
    return parameters;  // the second layer starts at zero: no correction
}

// Adds the gradient of one cell's weighted squared error.
void add_gradient(const Parameters& parameters, const Features& x, const Cell& cell,
                  Parameters& gradient) {
    const auto& p = parameters.values;
    auto& g = gradient.values;
    std::array<double, hidden> h;
    for (int i = 0; i < hidden; ++i) {
        double sum = p[Parameters::first_bias + i];
        for (std::size_t j = 0; j < feature_count; ++j)
            sum += p[i * static_cast<int>(feature_count) + j] * x[j];
        h[i] = std::tanh(sum);
    }
    std::array<double, hidden> upstream{};
    for (int k = 0; k < outputs; ++k) {
        double sum = p[Parameters::second_bias + k];
        for (int i = 0; i < hidden; ++i)
            sum += p[Parameters::second_weight + k * hidden + i] * h[i];
        const double squashed = std::tanh(sum);
        const double weight = cell.records[k] / (cell.records[k] + records_for_half);
        const double error = residual_limit * squashed - cell.target[k];
        const double slope = 2 * weight * error * residual_limit * (1 - squashed * squashed);
        g[Parameters::second_bias + k] += slope;
        for (int i = 0; i < hidden; ++i) {
            g[Parameters::second_weight + k * hidden + i] += slope * h[i];
            upstream[i] += slope * p[Parameters::second_weight + k * hidden + i];
        }
    }
    for (int i = 0; i < hidden; ++i) {
        const double slope = upstream[i] * (1 - h[i] * h[i]);
        g[Parameters::first_bias + i] += slope;
        for (std::size_t j = 0; j < feature_count; ++j)
            g[i * static_cast<int>(feature_count) + j] += slope * x[j];
    }
}

struct Adam {
    std::array<double, Parameters::count> first{};
    std::array<double, Parameters::count> second{};
    int step = 0;

    void update(Parameters& parameters, const Parameters& gradient) {
        ++step;
        const double correction_1 = 1 - std::pow(0.9, step);
        const double correction_2 = 1 - std::pow(0.999, step);
        for (int i = 0; i < Parameters::count; ++i) {
            const double g = gradient.values[i];
            first[i] = 0.9 * first[i] + 0.1 * g;
            second[i] = 0.999 * second[i] + 0.001 * g * g;
            const double move =
                first[i] / correction_1 / (std::sqrt(second[i] / correction_2) + 1e-10);
            parameters.values[i] -= learning_rate * (move + weight_decay * parameters.values[i]);
        }
    }
};

DenseNetwork to_network(const Parameters& parameters, const Normalizer& normalizer) {
    const auto part = [&](int begin, int end) {
        return std::vector<double>(parameters.values.begin() + begin,
                                   parameters.values.begin() + end);
    };
    DenseLayer first{static_cast<int>(feature_count), hidden, DenseActivation::tanh,
                     part(Parameters::first_weight, Parameters::first_bias),
                     part(Parameters::first_bias, Parameters::second_weight)};
    DenseLayer second{hidden, outputs, DenseActivation::identity,
                      part(Parameters::second_weight, Parameters::second_bias),
                      part(Parameters::second_bias, Parameters::count)};
    return {normalizer, {std::move(first), std::move(second)}};
}

struct ConfigurationErrors {
    std::array<double, outputs> plain{};
    std::array<double, outputs> corrected{};
    std::array<double, outputs> count{};
};

void add_errors(const Dataset& dataset, std::span<const int> rows, const Physics& physics,
                const Residual& residual, std::map<int, ConfigurationErrors>& errors) {
    for (const int index : rows) {
        const Row& row = dataset.rows[index];
        const KnobFactors factors = residual_factors(residual, row.request);
        const auto score = [&](int output, double measured, double predicted, double factor) {
            if (measured <= 0) return;
            ConfigurationErrors& sum = errors[row.config];
            sum.plain[output] += std::abs(predicted / measured - 1);
            sum.corrected[output] += std::abs(predicted * factor / measured - 1);
            sum.count[output] += 1;
        };
        const CurveValues curves = curves_at(physics, row);
        if (row.steps() > 0)
            score(0, row.decode_ms, decode_ms(curves, row.request, row.output_tokens),
                  factors.decode);
        score(1, row.prefill_ms, prefill_ms(curves, row.request), factors.prefill);
    }
}

bool worth_keeping(const std::map<int, ConfigurationErrors>& errors, int output) {
    std::vector<double> gains;
    for (const auto& [config, sum] : errors) {
        if (sum.count[output] > 0)
            gains.push_back((sum.plain[output] - sum.corrected[output]) / sum.count[output]);
    }
    if (gains.size() < 3) return false;
    return mean(gains) > standard_deviation(gains) / std::sqrt(static_cast<double>(gains.size()));
}

}  // namespace

Residual train_residual(const Dataset& dataset, std::span<const int> rows, const Physics& physics,
                        std::uint64_t seed) {
    const std::vector<Cell> cells = make_cells(dataset, rows, physics);
    if (static_cast<int>(cells.size()) < fewest_residual_cells) return {};
    Normalizer normalizer = fit_normalizer(dataset, rows);
    for (std::size_t i = 0; i < token_features; ++i)
        normalizer.mean[i] = 0, normalizer.deviation[i] = 1;
    std::vector<Features> inputs;
    for (const Cell& cell : cells) inputs.push_back(normalizer(cell.features));

    Parameters parameters = initial_parameters(seed);
    Adam adam;
    for (int iteration = 0; iteration < iterations; ++iteration) {
        Parameters gradient;
        for (std::size_t i = 0; i < cells.size(); ++i)
            add_gradient(parameters, inputs[i], cells[i], gradient);
        adam.update(parameters, gradient);
    }
    return {to_network(parameters, normalizer), true, true};
}

Residual fit_residual(const Dataset& dataset, std::span<const int> rows, const Physics& physics,
                      std::uint64_t seed) {
    std::set<int> configs;
    for (const int index : rows) configs.insert(dataset.rows[index].config);
    if (configs.size() < fewest_residual_cells) return {};

    const std::vector<int> part =
        deal_groups(static_cast<int>(dataset.configs.size()), selection_parts, seed);
    std::map<int, ConfigurationErrors> errors;
    for (int i = 0; i < selection_parts; ++i) {
        std::vector<int> train;
        std::vector<int> test;
        for (const int index : rows)
            (part[dataset.rows[index].config] == i ? test : train).push_back(index);
        if (train.empty() || test.empty()) continue;
        const Physics without = fit_physics(dataset, train);
        add_errors(dataset, test, without, train_residual(dataset, train, without, seed), errors);
    }
    const bool decode = worth_keeping(errors, 0);
    const bool prefill = worth_keeping(errors, 1);
    if (!decode && !prefill) return {};
    Residual residual = train_residual(dataset, rows, physics, seed);
    residual.decode = decode && !residual.network.empty();
    residual.prefill = prefill && !residual.network.empty();
    return residual;
}

}  // namespace decodemeter
