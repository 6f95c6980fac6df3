// The positioned network: trained from records, kept in best_latency_estimator.pt. No LibTorch in
// this header.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/evaluate/predictions.hpp"

namespace decodemeter {

inline constexpr int checkpoint_version = 1;

struct TrainingOptions {
    int batch_size = 64;
    int num_epochs = 50;
    double learning_rate = 1e-3;
    int hidden = 256;  // a multiple of 4
    std::uint64_t seed = 3407;
    std::string device = "cpu";  // or "cuda"
    // The published accounting, to be compared with: N positions, squared milliseconds, raw
    // features.
    bool published = false;
};

struct EpochReport {
    int epoch = 0;  // 1-based
    double train_loss = 0;
    double validation_loss = 0;
    double prefill_mae_ms = 0;
    double decode_total_mae_ms = 0;
    double prefill_relative_percent = 0;  // MAE / mean, as published
    double decode_relative_percent = 0;
};
// False stops the training; the best epoch so far is kept.
using EpochCallback = std::function<bool(const EpochReport&)>;

struct CheckpointOrigin {
    std::string records_hash;
    std::string device;  // of the records
    bool synthetic = false;
    std::vector<std::string> held_out_keys;
    // Of the model file trained with it (model_digest); empty: not known.
    std::string model_sha256 = {};
};

class PositionedEstimator {
public:
    // Trains on `train_rows`; the epoch with the lowest loss on `validation` is kept (the last one
    // where it is empty). Throws InputError when there is nothing to fit or the device is not
    // there.
    static PositionedEstimator train(const Dataset& dataset, std::span<const int> train_rows,
                                     std::span<const int> validation,
                                     const TrainingOptions& options,
                                     const EpochCallback& after_epoch = {});

    // Throws InputError naming the file when it is truncated, of another version, or no checkpoint.
    static PositionedEstimator load(const std::filesystem::path& file);
    void save(const std::filesystem::path& file, const CheckpointOrigin& origin) const;
    const CheckpointOrigin& origin() const noexcept;

    Predictions predict_rows(const Dataset& dataset, std::span<const int> rows) const;
    double predict_prefill(const Request& request) const;
    // Milliseconds at each position, 1-based.
    std::vector<double> predict_decode_at_positions(const Request& request,
                                                    std::span<const int> positions) const;
    // The sum over steps 1 ... N-1; N of them with the published accounting.
    double predict_decode(const Request& request, int output_tokens) const;

    // positioned, or positioned_published.
    ModelKind kind() const noexcept;
    int hidden() const noexcept;

    PositionedEstimator(PositionedEstimator&&) noexcept;
    PositionedEstimator& operator=(PositionedEstimator&&) noexcept;
    ~PositionedEstimator();

private:
    struct State;
    explicit PositionedEstimator(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// The published old model: the same encoder without positions, trained on prefill and T/N.
AverageModel train_average(const Dataset& dataset, std::span<const int> train_rows,
                           std::span<const int> validation, const TrainingOptions& options,
                           const EpochCallback& after_epoch = {});

// Part of `rows` whose configurations choose the epoch: a tenth of the configurations, at least
// one; of the rows where there is one configuration only. The rest is left in `train`.
struct TrainAndValidation {
    std::vector<int> train;
    std::vector<int> validation;
};
TrainAndValidation split_validation(const Dataset& dataset, std::span<const int> rows,
                                    std::uint64_t seed);

// Trained anew in each fold.
FoldModel positioned_fold_model(const TrainingOptions& options,
                                const EpochCallback& after_epoch = {});
FoldModel average_fold_model(const TrainingOptions& options, const EpochCallback& after_epoch = {});

}  // namespace decodemeter
