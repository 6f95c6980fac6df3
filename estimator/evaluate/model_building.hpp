// From records and predictions of left-out configurations to the model that is served.
#pragma once

#include <span>

#include "estimator/evaluate/evaluation.hpp"
#include "estimator/evaluate/predictions.hpp"
#include "estimator/predictor/latency_model.hpp"

namespace decodemeter {

// Physics fitted to all `rows`, bounds from `out_of_fold` (of physics), table, lengths, ranges,
// provenance. The average model is the caller's to add.
LatencyModel build_latency_model(const Dataset& dataset, std::span<const int> rows,
                                 const Predictions& out_of_fold, std::uint64_t seed);

// SHA-256 of a model file's text without the checkpoint's digest in it: what the checkpoint holds
// of its model file, so that each of the two knows the other.
std::string model_digest(std::string model_json, std::string_view checkpoint_sha256);

// Coverage of the bounds, calibrated on other configurations.
CoverageReport coverage_of(const Dataset& dataset, const Predictions& out_of_fold,
                           std::uint64_t seed);

// Rows of records that `model` did not come from.
std::vector<int> unseen_rows(const Dataset& dataset, const LatencyModel& model);

// Out-of-fold predictions of networks, which take long to make again: a CSV file beside the model.
inline constexpr std::string_view out_of_fold_file = "out_of_fold.csv";
void write_out_of_fold(const std::filesystem::path& file, const Dataset& dataset, Split split,
                       const PredictionsByModel& models);
// Empty where there is no such file, or where it is of other records or another split.
PredictionsByModel read_out_of_fold(const std::filesystem::path& file, const Dataset& dataset,
                                    Split split);

}  // namespace decodemeter
