#include "estimator/output_lengths.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::array<std::string_view, task_count> names = {"vqa", "captioning", "doc_qa", "text_vqa", "other"};
constexpr std::array<int, task_count> default_tokens = {6, 64, 28, 15, 20};

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
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

// low + a geometric number of further tokens, drawn again beyond high.
int draw_geometric(int low, int high, double success, std::mt19937_64& random) {
    std::geometric_distribution<int> further(success);
    for (;;) {
        const int tokens = low + further(random);
        if (tokens <= high) return tokens;
    }
}

// Captions: half and a little more run into the limit of 64; the rest have mean 44.3.
int draw_caption(std::mt19937_64& random) {
    std::uniform_real_distribution<double> uniform(0, 1);
    if (uniform(random) < 0.527) return 64;
    return 30 + static_cast<int>(34 * std::pow(uniform(random), 1.33));
}

}  // namespace

std::string_view to_string(Task task) noexcept { return names[static_cast<std::size_t>(task)]; }

std::optional<Task> parse_task(std::string_view text) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) return static_cast<Task>(i);
    }
    return std::nullopt;
}

Task task_of_dataset(std::string_view dataset) noexcept {
    const std::string name = lower_case(dataset);
    if (holds_any(name, {"caption"})) return Task::captioning;
    if (holds_any(name, {"doc"})) return Task::doc_qa;
    if (holds_any(name, {"text_vqa", "textvqa", "text-vqa", "st_qa", "stvqa", "st_vqa", "reading"})) return Task::text_vqa;
    if (holds_any(name, {"vqa", "question"})) return Task::vqa;
    return Task::other;
}

Task task_of_prompt(std::string_view prompt) {
    const std::string text = lower_case(prompt);
    if (holds_any(text, {"describe", "caption", "what do you see"})) return Task::captioning;
    if (text.find('?') != std::string::npos) return Task::vqa;
    for (const std::string_view word : {"what", "where", "when", "who", "whose", "why", "which", "how"}) {
        if (holds_word(text, word)) return Task::vqa;
    }
    if (holds_any(text, {"document", "passage", "text"})) return Task::doc_qa;
    return Task::other;
}

int default_output_tokens(Task task) noexcept { return default_tokens[static_cast<std::size_t>(task)]; }

int draw_output_tokens(Task task, std::mt19937_64& random) {
    switch (task) {
        case Task::captioning:
            return draw_caption(random);
        case Task::doc_qa:
            return draw_geometric(2, 28, 0.220, random);  // mean 5.51
        case Task::text_vqa:
            return draw_geometric(2, 15, 0.409, random);  // mean 3.44
        case Task::vqa:
        case Task::other:
            break;
    }
    return draw_geometric(2, 64, 0.8197, random);  // mean 2.22
}

std::vector<TaskLengths> learn_output_lengths(const Dataset& dataset, std::span<const int> rows) {
    std::map<Task, std::vector<double>> lengths;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        const std::string& name = dataset.datasets[static_cast<std::size_t>(row.dataset)];
        lengths[task_of_dataset(name)].push_back(row.output_tokens);
    }
    std::vector<TaskLengths> tasks;
    for (auto& [task, values] : lengths) {
        std::sort(values.begin(), values.end());
        TaskLengths learned;
        learned.task = to_string(task);
        learned.records = static_cast<std::int64_t>(values.size());
        learned.mean_tokens = mean(values);
        learned.p95_tokens = static_cast<int>(std::ceil(quantile_of_sorted(values, 0.95)));
        learned.p99_tokens = static_cast<int>(std::ceil(quantile_of_sorted(values, 0.99)));
        const int longest = static_cast<int>(values.back());
        for (int step = 1; step <= longest - 1; ++step) {
            // N - 1 >= step
            const auto shorter = std::lower_bound(values.begin(), values.end(), step + 1) - values.begin();
            learned.survival.push_back(1 - static_cast<double>(shorter) / static_cast<double>(values.size()));
        }
        tasks.push_back(std::move(learned));
    }
    return tasks;
}

}  // namespace decodemeter
