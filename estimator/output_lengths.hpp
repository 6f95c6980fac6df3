// How long answers are: published distributions, and what records say.
#pragma once

#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/dataset.hpp"

namespace decodemeter {

enum class Task { vqa, captioning, doc_qa, text_vqa, other };
inline constexpr std::size_t task_count = 5;
std::string_view to_string(Task task) noexcept;
std::optional<Task> parse_task(std::string_view text) noexcept;

// By the words in a data set's name: "coco_caption" is captioning.
Task task_of_dataset(std::string_view dataset) noexcept;
// By keywords as published; `other` where none is found. text_vqa has no keyword.
Task task_of_prompt(std::string_view prompt);

// The conservative length N that a budget counts with where there are no records of the task.
int default_output_tokens(Task task) noexcept;

// Draws N from the published distributions: vqa mean 2.22; captions mean 54.67, median 64, 30-64; documents mean
// 5.51, 2-28; reading text mean 3.44, 2-15; other like vqa.
int draw_output_tokens(Task task, std::mt19937_64& random);

// Lengths of each task among the rows; tasks without rows are left out.
std::vector<TaskLengths> learn_output_lengths(const Dataset& dataset, std::span<const int> rows);

}  // namespace decodemeter
