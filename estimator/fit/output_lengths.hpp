// How long answers are, as records say.
#pragma once

#include <span>
#include <vector>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

// Lengths of each task among the rows; tasks without rows are left out.
std::vector<TaskLengths> learn_output_lengths(const Dataset& dataset, std::span<const int> rows);

}  // namespace decodemeter
