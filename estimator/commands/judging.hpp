// Runs the models that were asked for over folds, with progress, and judges them.
#pragma once

#include <string>
#include <vector>

#include "estimator/commands/interrupt.hpp"
#include "estimator/evaluation.hpp"
#include "estimator/model_building.hpp"
#include "estimator/positioned_estimator.hpp"

namespace decodemeter {

inline const std::vector<std::string> all_models = {"average", "constant_per_config", "positioned", "physics"};

// Networks among them are trained in every fold. An interrupt ends their training early.
NamedPredictions predict_folds(const Dataset& dataset, std::span<const Fold> folds,
                               const std::vector<std::string>& models, const TrainingOptions& options,
                               const InterruptWatch& watch);

// Reports of the models, with coverage for physics where the split leaves configurations out.
EvaluationReport judge(const Dataset& dataset, const NamedPredictions& predictions, std::string split,
                       std::string split_description, std::uint64_t seed, bool with_coverage);

}  // namespace decodemeter
