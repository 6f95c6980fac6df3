#include "estimator/fit/output_lengths.hpp"

#include <algorithm>
#include <map>

#include "estimator/fit/calibration.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

std::vector<TaskLengths> learn_output_lengths(const Dataset& dataset, std::span<const int> rows) {
    std::map<Task, std::vector<double>> lengths;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        const std::string& name = dataset.datasets[static_cast<std::size_t>(row.dataset)];
        lengths[dataset_task(name)].push_back(row.output_tokens);
    }
    std::vector<TaskLengths> tasks;
    for (auto& [task, values] : lengths) {
        std::sort(values.begin(), values.end());
        TaskLengths learned;
        learned.task = to_string(task);
        learned.records = static_cast<std::int64_t>(values.size());
        learned.mean_tokens = mean(values);
        learned.p95_tokens = static_cast<int>(conformal_quantile(values, 0.95));
        learned.p99_tokens = static_cast<int>(conformal_quantile(values, 0.99));
        const int longest = static_cast<int>(values.back());
        for (int step = 1; step <= longest - 1; ++step) {
            // N - 1 >= step
            const auto shorter =
                std::lower_bound(values.begin(), values.end(), step + 1) - values.begin();
            learned.survival.push_back(1 - static_cast<double>(shorter) /
                                               static_cast<double>(values.size()));
        }
        tasks.push_back(std::move(learned));
    }
    return tasks;
}

}  // namespace decodemeter
