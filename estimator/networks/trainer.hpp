// The loop that trains a network: epochs, batches, the best epoch kept. [torch]
#pragma once

#include <functional>

#include "estimator/networks/parameters.hpp"
#include "estimator/networks/positioned_estimator.hpp"

namespace decodemeter {

struct TrainingLoop {
    std::int64_t rows = 0;
    TrainingOptions options;
    Parameters* parameters = nullptr;
    // Called with the epoch's order of rows (int64, on the device of the parameters).
    std::function<void(const at::Tensor& order)> begin_epoch;
    // Fills the gradients of batch [first, first + count) of that order and adds its loss to
    // `loss`.
    std::function<void(std::int64_t first, std::int64_t count, at::Tensor& loss)> batch;
    // Loss and errors on the validation rows; validation_loss NaN where there are none.
    std::function<EpochReport()> validate;
};

// Leaves the parameters at the epoch with the lowest validation loss. The learning rate falls to 0
// along a cosine, with the published accounting it stays.
void run_training(const TrainingLoop& loop, const EpochCallback& after_epoch);

}  // namespace decodemeter
