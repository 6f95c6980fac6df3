// How long answers are: published distributions, and what records say.
#pragma once

#include <random>
#include <span>
#include <vector>

#include "estimator/dataset.hpp"
#include "estimator/task.hpp"

namespace decodemeter {

// Draws N from the published distributions: vqa mean 2.22; captions mean 54.67, median 64, 30-64; documents mean
// 5.51, 2-28; reading text mean 3.44, 2-15; other like vqa.
int draw_output_tokens(Task task, std::mt19937_64& random);

// Lengths of each task among the rows; tasks without rows are left out.
std::vector<TaskLengths> learn_output_lengths(const Dataset& dataset, std::span<const int> rows);

}  // namespace decodemeter
