// Trains the models that were asked for over folds, with progress, and tests them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "estimator/evaluate/evaluation.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "estimator/experiment/estimator_files.hpp"
#include "estimator/networks/positioned_estimator.hpp"
#include "profiler/system/interruption.hpp"

namespace decodemeter {

// In the order in which they are run.
std::vector<ModelKind> all_models(bool published_too);

struct ExperimentOptions {
    std::string split;  // empty: leave_configuration_out
    int folds = 5;
    bool refit = false;      // also where the training kept its predictions
    std::string accounting;  // "published": that network too
    TrainingOptions training;
};

// The split that was asked for; leave_configuration_out where it was not, or by_sample, with a
// warning, where there is one configuration only. Throws InputError for an unknown name.
Split chosen_split(const Dataset& dataset, const std::string& name);

// Networks among `models` are trained in every fold. An interrupt ends their training early.
PredictionsByModel predict_folds(const Dataset& dataset, std::span<const Fold> folds,
                                 std::span<const ModelKind> models, const TrainingOptions& options,
                                 const Interruption& interruption);

// Reports of the models, with coverage of the bounds for physics under leave_configuration_out.
EvaluationReport evaluate_split(const Dataset& dataset, const PredictionsByModel& predictions,
                                Split split, std::uint64_t seed);

// A trained estimator on records: on those that it did not come from where there are any, as it
// stands; else refitted without the test rows.
struct ExperimentResult {
    PredictionsByModel predictions;
    EvaluationReport report;
    std::vector<Fold> folds;  // empty where the estimator was tested as it stands
};
ExperimentResult evaluate_records(const Dataset& dataset, const EstimatorFiles& files,
                                  const ExperimentOptions& options);

}  // namespace decodemeter
