#include "estimator/output_lengths.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

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
