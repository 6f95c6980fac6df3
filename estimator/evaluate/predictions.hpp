// A model's predictions for held-out rows, beside what was measured.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "estimator/data/dataset.hpp"
#include "estimator/data/splits.hpp"
#include "estimator/evaluate/model_kind.hpp"
#include "estimator/fit/calibration.hpp"
#include "estimator/fit/physics_fit.hpp"

namespace decodemeter {

// One entry for each test row, in the order of `rows`; a row may be in the test rows of several
// folds.
struct Predictions {
    std::vector<int> rows;
    std::vector<double> prefill_ms;
    std::vector<double> decode_ms;        // all N-1 steps
    std::vector<double> per_token_ms;     // decode / N
    std::vector<std::size_t> first_step;  // where the row's N-1 steps begin in steps_ms
    std::vector<double> steps_ms;

    void append(const Predictions& other);
    std::span<const double> steps(const Dataset& dataset, std::size_t entry) const noexcept;
};

using PredictionsByModel = std::map<ModelKind, Predictions>;

// A model as evaluation sees it: fits to fold.train and predicts fold.test.
using FoldModel = std::function<Predictions(const Dataset&, const Fold&)>;

// Predicts with the residual that fit_physics_model decides on anew in every fold.
FoldModel physics_fold_model(std::uint64_t seed);
FoldModel table_fold_model();

Predictions predict_rows(const Dataset& dataset, std::span<const int> rows,
                         const PhysicsModel& model);
Predictions predict_rows(const Dataset& dataset, std::span<const int> rows, const CostTable& table);
// The average model: total = N times the time for each token.
Predictions predict_rows(const Dataset& dataset, std::span<const int> rows,
                         const AverageModel& model);

// Runs every fold of a model, several at a time, and joins what it says in the order of the folds.
Predictions run_folds(const Dataset& dataset, std::span<const Fold> folds, const FoldModel& model);

// Measured over predicted of the rows that are no outliers.
std::vector<RatioSample> ratio_samples(const Dataset& dataset, const Predictions& predictions);

}  // namespace decodemeter
