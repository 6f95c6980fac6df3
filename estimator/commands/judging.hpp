// Runs the models that were asked for over folds, with progress, and judges them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "estimator/commands/options.hpp"
#include "estimator/evaluate/evaluation.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "estimator/networks/positioned_estimator.hpp"
#include "profiler/system/interruption.hpp"

namespace decodemeter {

// Models by name: average, constant_per_config, physics, positioned, and positioned_published,
// which is the positioned network with the published accounting.
std::vector<std::string> all_models(bool published_too);

struct JudgingOptions {
    std::string split;  // empty: leave_configuration_out
    int folds = 5;
    bool refit = false;      // also where the training kept its predictions
    std::string accounting;  // "published": that network too
    TrainingOptions training;
};
void add_judging_options(CLI::App& command, JudgingOptions& options);

// The split that was asked for; leave_configuration_out where it was not, or by_sample, with a
// warning, where there is one configuration only. Throws InputError for an unknown name.
Split chosen_split(const Dataset& dataset, const std::string& name);

// Networks among `models` are trained in every fold. An interrupt ends their training early.
NamedPredictions predict_folds(const Dataset& dataset, std::span<const Fold> folds,
                               const std::vector<std::string>& models,
                               const TrainingOptions& options, const Interruption& interruption);

// Reports of the models, with coverage of the bounds for physics under leave_configuration_out.
EvaluationReport judge_split(const Dataset& dataset, const NamedPredictions& predictions,
                             Split split, std::uint64_t seed);

// A trained estimator on records: on those that it did not come from where there are any, as it
// stands; else refitted without the judged rows.
struct JudgedRecords {
    NamedPredictions predictions;
    EvaluationReport report;
    std::vector<Fold> folds;  // empty where the estimator was judged as it stands
};
JudgedRecords judge_records(const Dataset& dataset, const EstimatorFiles& files,
                            const JudgingOptions& options);

}  // namespace decodemeter
