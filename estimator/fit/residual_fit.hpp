// The small network r(config) that corrects the physical model, and whether it is worth having.
#pragma once

#include <span>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

// Trains on the logarithm of measured over predicted, averaged over each configuration and data
// set. Both outputs are switched on. Empty when there are fewer than `fewest_residual_cells` such
// cells.
inline constexpr int fewest_residual_cells = 8;
Residual train_residual(const Dataset& dataset, std::span<const int> rows, const Physics& physics,
                        std::uint64_t seed);

// As above, with each output kept only where it lowers the error on configurations left out by more
// than one standard error.
Residual fit_residual(const Dataset& dataset, std::span<const int> rows, const Physics& physics,
                      std::uint64_t seed);

}  // namespace decodemeter
