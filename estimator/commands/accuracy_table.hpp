// Accuracies that the user measured, as a small CSV file.
#pragma once

#include <filesystem>
#include <vector>

#include "estimator/evaluate/budget.hpp"

namespace decodemeter {

// Columns tier,top_k,num_active_blocks,accuracy in any order, named by the first line; others are
// ignored. Throws InputError naming file and line.
std::vector<AccuracyEntry> read_accuracy_table(const std::filesystem::path& file);

}  // namespace decodemeter
