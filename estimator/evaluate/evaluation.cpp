#include "estimator/evaluate/evaluation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "estimator/fit/length_confounding.hpp"
#include "estimator/predictor/bounds.hpp"
#include "profiler/statistics/length_bins.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr int reported_positions[] = {1, 2, 10, 63};
// The longest answers: at least this share of the longest.
constexpr double longest_share = 0.8;

struct Pairs {
    std::vector<double> predicted;
    std::vector<double> measured;

    void add(double p, double m) {
        predicted.push_back(p);
        measured.push_back(m);
    }
    Errors errors() const { return errors_of(predicted, measured); }
};

template <class Key>
std::map<Key, Errors> errors_of_each(const std::map<Key, Pairs>& pairs) {
    std::map<Key, Errors> errors;
    for (const auto& [key, values] : pairs) errors[key] = values.errors();
    return errors;
}

const Row& row_of(const Dataset& dataset, const Predictions& predictions, std::size_t entry) {
    return dataset.rows[static_cast<std::size_t>(predictions.rows[entry])];
}

TargetErrors target_errors(const Dataset& dataset, const Predictions& predictions,
                           bool with_outliers) {
    Pairs prefill;
    Pairs total;
    Pairs step;
    Pairs per_token;
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = row_of(dataset, predictions, i);
        if (row.outlier && !with_outliers) continue;
        prefill.add(predictions.prefill_ms[i], row.prefill_ms);
        if (row.steps() < 1) continue;
        total.add(predictions.decode_ms[i], row.decode_ms);
        per_token.add(predictions.per_token_ms[i], row.decode_ms / row.output_tokens);
        const auto measured = dataset.steps(row);
        const auto predicted = predictions.steps(dataset, i);
        for (std::size_t s = 0; s < measured.size(); ++s) step.add(predicted[s], measured[s]);
    }
    return {prefill.errors(), total.errors(), step.errors(), per_token.errors()};
}

void evaluate_groups(const Dataset& dataset, const Predictions& predictions, ModelReport& report) {
    std::map<std::string, Pairs> configs;
    std::map<std::string, Pairs> prefills;
    std::map<std::string, Pairs> bins;
    std::map<std::string, Pairs> datasets;
    std::map<std::string, std::pair<double, double>> sums;
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = row_of(dataset, predictions, i);
        if (row.outlier) continue;
        const std::string config = to_string(dataset.configs[static_cast<std::size_t>(row.config)]);
        const std::string& name = dataset.datasets[static_cast<std::size_t>(row.dataset)];
        prefills[config].add(predictions.prefill_ms[i], row.prefill_ms);
        if (row.steps() < 1) continue;
        for (Pairs* pairs : {&configs[config],
                             &bins[std::string(length_bins[length_bin_of(row.output_tokens)].key)],
                             &datasets[name]})
            pairs->add(predictions.decode_ms[i], row.decode_ms);
        sums[name].first += predictions.decode_ms[i];
        sums[name].second += row.decode_ms;
    }
    report.by_config = errors_of_each(configs);
    report.prefill_by_config = errors_of_each(prefills);
    report.by_n = errors_of_each(bins);
    report.by_dataset = errors_of_each(datasets);
    for (const auto& [name, sum] : sums) {
        if (sum.second > 0) report.mean_ratio_by_dataset[name] = sum.first / sum.second;
    }
}

void evaluate_position(const Dataset& dataset, const Predictions& predictions, int position,
                       ModelReport& report) {
    struct Medians {
        std::vector<double> predicted;
        std::vector<double> measured;
    };
    std::map<int, Medians> configs;
    const auto at = static_cast<std::size_t>(position - 1);
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = row_of(dataset, predictions, i);
        if (row.outlier || !row.has_steps || row.steps() < position) continue;
        configs[row.config].predicted.push_back(predictions.steps(dataset, i)[at]);
        configs[row.config].measured.push_back(dataset.steps(row)[at]);
    }
    if (configs.empty()) return;
    Pairs pairs;
    for (const auto& [config, values] : configs)
        pairs.add(median(values.predicted), median(values.measured));
    report.by_position[position] = pairs.errors();
}

// Least-squares line through one answer's steps, so that the noise of single steps averages out.
// Growth of a step by one position in percent of the line's first.
double slope_percent(std::span<const double> steps) {
    std::vector<double> positions;
    for (std::size_t s = 0; s < steps.size(); ++s) positions.push_back(static_cast<double>(s));
    const Line line = fit_line(positions, steps);
    return 100 * line.slope / line.intercept;
}

void judge_slope(const Dataset& dataset, const Predictions& predictions, ModelReport& report) {
    int longest = 0;
    for (const int row : predictions.rows)
        longest = std::max(longest, dataset.rows[static_cast<std::size_t>(row)].steps());
    std::vector<double> ratios;
    std::vector<double> slopes;
    std::vector<double> measured_ratios;
    std::vector<double> measured_slopes;
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = row_of(dataset, predictions, i);
        if (row.steps() < 2 || row.steps() < longest_share * longest || row.outlier) continue;
        const auto predicted = predictions.steps(dataset, i);
        ratios.push_back(predicted.back() / predicted.front());
        slopes.push_back(slope_percent(predicted));
        if (!row.has_steps) continue;
        const auto measured = dataset.steps(row);
        measured_ratios.push_back(measured.back() / measured.front());
        measured_slopes.push_back(slope_percent(measured));
    }
    report.position_ratio = median(ratios);
    report.slope_percent_per_token = median(slopes);
    report.measured_position_ratio = median(measured_ratios);
    report.measured_slope_percent_per_token = median(measured_slopes);
}

}  // namespace

ModelReport evaluate_model(const Dataset& dataset, const Predictions& predictions) {
    ModelReport report;
    report.errors = target_errors(dataset, predictions, false);
    report.with_outliers = target_errors(dataset, predictions, true);
    evaluate_groups(dataset, predictions, report);
    for (const int position : reported_positions)
        evaluate_position(dataset, predictions, position, report);
    judge_slope(dataset, predictions, report);
    return report;
}

EvaluationReport start_report(const Dataset& dataset, std::string split,
                              std::string split_description, std::uint64_t seed) {
    EvaluationReport report;
    report.split = std::move(split);
    report.split_description = std::move(split_description);
    report.noise_floor_percent = dataset.noise_floor_percent.value_or(noise_floor_percent(dataset));
    report.noise_floor_source =
        dataset.noise_floor_percent
            ? "the simulation's own error-free times: the floor where no configuration's own level "
              "is known"
            : "deviation of totals from the median of their configuration, data set and bin of N: "
              "the "
              "floor where a configuration's own level is known";
    report.length_confounding = find_length_confounding(dataset, training_rows(dataset));
    report.filtered = dataset.outliers;
    report.records = static_cast<std::int64_t>(dataset.rows.size());
    report.datasets = dataset.datasets;
    report.device = dataset.device;
    report.records_hash = dataset.records_hash;
    report.synthetic = dataset.synthetic;
    report.seed = seed;
    return report;
}

double noise_floor_percent(const Dataset& dataset) {
    const std::vector<int> rows = training_rows(dataset);
    const PhysicsModel physics = make_physics_model(fit_physics(dataset, rows), {}, {});
    std::map<std::array<int, 3>, std::vector<double>>
        ratios;  // by configuration, data set and bin of N
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        const double predicted = physics_decode_ms(physics, row.request, row.output_tokens);
        if (row.steps() > 0 && row.decode_ms > 0 && predicted > 0)
            ratios[{row.config, row.dataset, static_cast<int>(bound_bin(row.output_tokens))}]
                .push_back(row.decode_ms / predicted);
    }
    double sum = 0;
    double count = 0;
    for (const auto& [cell, values] : ratios) {
        if (values.size() < 2) continue;
        const double center = median(values);
        const double n = static_cast<double>(values.size());
        double deviation = 0;
        for (const double value : values) deviation += std::abs(center / value - 1);
        sum += deviation * std::sqrt(n / (n - 1));  // the center was taken from the same values
        count += n;
    }
    return count > 0 ? 100 * sum / count : Errors::nothing;
}

}  // namespace decodemeter
