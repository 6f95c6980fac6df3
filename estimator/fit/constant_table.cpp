#include "estimator/fit/constant_table.hpp"

#include <map>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

struct Samples {
    std::vector<double> steps_ms;
    std::vector<double> prefills_ms;
    std::vector<double> vision_tokens;
};

double median_or_zero(const std::vector<double>& values) {
    return values.empty() ? 0 : median(values);
}

}  // namespace

CostTable fit_cost_table(const Dataset& dataset, std::span<const int> rows) {
    std::map<int, Samples> by_config;
    for (const int index : rows) {
        const Row& row = dataset.rows[index];
        Samples& samples = by_config[row.config];
        if (row.steps() > 0 && row.decode_ms > 0)
            samples.steps_ms.push_back(row.decode_ms / row.steps());
        samples.prefills_ms.push_back(row.prefill_ms);
        samples.vision_tokens.push_back(row.request.vision_tokens);
    }
    CostTable table;
    for (const auto& [config, samples] : by_config) {
        const ConfigKey& key = dataset.configs[static_cast<std::size_t>(config)];
        table.costs.push_back({static_cast<int>(key.tier.value_or(Tier::low)), key.top_k,
                               key.active_blocks, median_or_zero(samples.steps_ms),
                               median_or_zero(samples.prefills_ms),
                               static_cast<int>(median_or_zero(samples.vision_tokens)),
                               static_cast<std::int64_t>(samples.prefills_ms.size())});
    }
    return table;  // dataset.configs is sorted, and so is the table
}

}  // namespace decodemeter
