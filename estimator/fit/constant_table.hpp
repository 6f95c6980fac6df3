// The model constant_per_config: the bar that any network has to clear.
#pragma once

#include <span>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

// For each configuration the median over its rows of the mean step, of the prefill, and of the
// vision tokens.
CostTable fit_cost_table(const Dataset& dataset, std::span<const int> rows);

}  // namespace decodemeter
