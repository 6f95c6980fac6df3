// What kind of answer a request asks for, which decides how long it gets. A leaf.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace decodemeter {

enum class Task { vqa, captioning, doc_qa, text_vqa, other };
inline constexpr std::size_t task_count = 5;
std::string_view to_string(Task task) noexcept;
std::optional<Task> parse_task(std::string_view text) noexcept;

// By the words in a data set's name, for drawing lengths, learning them and asking for them:
// "coco_caption" is captioning, "photos_text" and "st_qa" text_vqa, "tally_qa" other.
Task dataset_task(std::string_view dataset) noexcept;
// By keywords as published; `other` where none is found. text_vqa has no keyword.
Task task_of_prompt(std::string_view prompt);

// The conservative length N that a budget counts with where there are no records of the task.
int default_output_tokens(Task task) noexcept;

}  // namespace decodemeter
