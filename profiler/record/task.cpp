#include "profiler/record/task.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace decodemeter {

namespace {

constexpr std::array<std::string_view, task_count> names = {"vqa", "captioning", "doc_qa",
                                                            "text_vqa", "other"};
constexpr std::array<int, task_count> default_tokens = {6, 64, 28, 15, 20};

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return lower;
}

bool holds_any(const std::string& text, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

// Whether `word` stands in `text` with no letter beside it.
bool holds_word(const std::string& text, std::string_view word) {
    const auto letter = [&](std::size_t at) {
        return at < text.size() && std::isalpha(static_cast<unsigned char>(text[at]));
    };
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        if (!(at > 0 && letter(at - 1)) && !letter(at + word.size())) return true;
    }
    return false;
}

}  // namespace

std::string_view to_string(Task task) noexcept { return names[static_cast<std::size_t>(task)]; }

std::optional<Task> parse_task(std::string_view text) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) return static_cast<Task>(i);
    }
    return std::nullopt;
}

Task dataset_task(std::string_view dataset) noexcept {
    const std::string name = lower_case(dataset);
    if (holds_any(name, {"caption"})) return Task::captioning;
    if (holds_any(name, {"doc"})) return Task::doc_qa;
    if (holds_any(name, {"text", "st_qa", "stvqa", "st_vqa", "reading"})) return Task::text_vqa;
    if (holds_any(name, {"vqa", "question"})) return Task::vqa;
    return Task::other;
}

Task task_of_prompt(std::string_view prompt) {
    const std::string text = lower_case(prompt);
    if (holds_any(text, {"describe", "caption", "what do you see"})) return Task::captioning;
    if (text.find('?') != std::string::npos) return Task::vqa;
    for (const std::string_view word :
         {"what", "where", "when", "who", "whose", "why", "which", "how"}) {
        if (holds_word(text, word)) return Task::vqa;
    }
    if (holds_any(text, {"document", "passage", "text"})) return Task::doc_qa;
    return Task::other;
}

int default_output_tokens(Task task) noexcept {
    return default_tokens[static_cast<std::size_t>(task)];
}

}  // namespace decodemeter
