// Models tested side by side on held-out rows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "estimator/evaluate/metrics.hpp"
#include "estimator/evaluate/predictions.hpp"

namespace decodemeter {

struct TargetErrors {
    Errors prefill;
    Errors decode_total;      // all N-1 steps
    Errors decode_step;       // each step of rows that have steps
    Errors decode_per_token;  // T/N
};

struct ModelReport {
    TargetErrors errors;                      // without outliers
    TargetErrors with_outliers;               // with them
    std::map<std::string, Errors> by_config;  // decode total
    std::map<std::string, Errors> prefill_by_config;
    std::map<std::string, Errors> by_n;        // decode total
    std::map<std::string, Errors> by_dataset;  // decode total
    // Predicted against measured median of each configuration at one position.
    std::map<int, Errors> by_position;
    // Median of last over first step of the longest answers, and of the slope of a line through
    // their steps: predicted, and measured in the same way.
    double position_ratio = Errors::nothing;
    double slope_percent_per_token = Errors::nothing;
    double measured_position_ratio = Errors::nothing;
    double measured_slope_percent_per_token = Errors::nothing;
    // Mean over the test rows of predicted / measured totals, by data set: what an expectation is
    // off by.
    std::map<std::string, double> mean_ratio_by_dataset;
    std::optional<CoverageReport> coverage;
};

struct EvaluationReport {
    std::string split;
    std::string split_description;
    double noise_floor_percent = Errors::nothing;
    std::string noise_floor_source;
    std::optional<LengthConfounding> length_confounding;
    std::int64_t filtered = 0;  // outliers
    std::int64_t records = 0;
    std::vector<std::string> datasets;
    std::string device;
    std::string records_hash;
    bool synthetic = false;
    std::uint64_t seed = 0;
    std::map<std::string, ModelReport> models;
};

ModelReport evaluate_model(const Dataset& dataset, const Predictions& predictions);

// A report without models.
EvaluationReport start_report(const Dataset& dataset, std::string split,
                              std::string split_description, std::uint64_t seed);

// Mean relative deviation of totals from their configuration's median, what depends on tokens and N
// taken out: what a model that knows the level of each configuration and data set is left with. A
// configuration that was not measured has a level that no model knows, so its floor is higher.
// Percent; NaN without decode steps.
double noise_floor_percent(const Dataset& dataset);

std::string to_json(const EvaluationReport& report);

}  // namespace decodemeter
