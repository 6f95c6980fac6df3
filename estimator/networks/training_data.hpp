// A data set as tensors, made once. [torch]
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "estimator/data/dataset.hpp"
#include "estimator/networks/positioned_net.hpp"

namespace decodemeter {

// What turns features and times into numbers of about 1.
struct TrainingScales {
    Normalizer normalizer;
    double prefill_ms = 1;
    double step_ms = 1;
};
// Scales of 1 and raw features with the published accounting.
TrainingScales fit_scales(const Dataset& dataset, std::span<const int> rows, bool published);

// [rows, 5] float32 on the CPU.
at::Tensor feature_tensor(const Dataset& dataset, std::span<const int> rows,
                          const Normalizer& normalizer);
// Positions to sum for each row, int32: N-1, or N with the published accounting.
at::Tensor count_tensor(const Dataset& dataset, std::span<const int> rows, bool published);

struct TrainingData {
    TrainingBatch all;
    std::int64_t rows = 0;
    std::int64_t positions = 0;  // the most that any row sums
    bool has_steps = false;
};
TrainingData make_training_data(const Dataset& dataset, std::span<const int> rows,
                                const TrainingScales& scales, bool published,
                                std::int64_t positions, const at::Device& device);

// The rows of `order` (int64), gathered once an epoch, so that a batch is a view.
TrainingBatch gather(const TrainingBatch& all, const at::Tensor& order);
TrainingBatch slice(const TrainingBatch& all, std::int64_t first, std::int64_t count);

// The most positions that any of the rows sums.
std::int64_t longest_sum(const Dataset& dataset, std::span<const int> rows, bool published);

}  // namespace decodemeter
