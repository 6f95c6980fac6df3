#include "profiler/profile/operation_counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace decodemeter {

std::vector<OperationCount> count_operations(molmo::Molmo& model,
                                             std::vector<Configuration> configurations,
                                             std::chrono::seconds limit) {
    std::stable_sort(configurations.begin(), configurations.end(),
                     [](const auto& a, const auto& b) {
                         return a.key.active_blocks * (a.key.top_k + 1) >
                                b.key.active_blocks * (b.key.top_k + 1);
                     });
    NullObserver nobody;
    const auto input = model.prepare({nullptr, "How many?", std::nullopt, 12}, nobody);
    const auto end = std::chrono::steady_clock::now() + limit;
    std::set<std::pair<int, int>> seen;
    std::vector<OperationCount> counts;
    for (const Configuration& configuration : configurations) {
        const ConfigKey& key = configuration.key;
        if (!seen.insert({key.top_k, key.active_blocks}).second) continue;
        if (!counts.empty() && std::chrono::steady_clock::now() > end) break;
        counts.push_back(
            {key.top_k, key.active_blocks,
             count_step_operations(model, *input, {{key.top_k, configuration.active_blocks}})});
    }
    return counts;
}

std::string to_json(const std::vector<OperationCount>& counts) {
    std::string text;
    for (const OperationCount& count : counts) {
        text += fmt::format(
            R"({}{{"top_k": {}, "blocks": {}, "operations": {}, "largest_allocation_bytes": {}}})",
            text.empty() ? "" : ", ", count.top_k, count.active_blocks, count.step.operations,
            count.step.largest_allocation_bytes);
    }
    return "[" + text + "]";
}

}  // namespace decodemeter
