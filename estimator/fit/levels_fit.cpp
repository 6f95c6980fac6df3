#include "estimator/fit/levels_fit.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "estimator/fit/robust_weights.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double clipped_at = 4;      // robust standard deviations
constexpr double largest_log = 0.3;   // of a level: 35 %
constexpr double fewest_configs = 3;  // from which their variance can be told

// Logarithms of measured over predicted times, by configuration.
using Logs = std::map<int, std::vector<double>>;

void clip(Logs& logs) {
    std::vector<double> deviations;
    for (const auto& [config, values] : logs) {
        const double center = median(values);
        for (const double value : values) deviations.push_back(value - center);
    }
    const double limit = clipped_at * robust_spread(deviations);
    for (auto& [config, values] : logs) {
        const double center = median(values);
        for (double& value : values) value = std::clamp(value, center - limit, center + limit);
    }
}

struct Variances {
    double between = 0;  // of configurations around the model
    double within = 0;   // of the requests of one configuration
};

// One-way analysis of variance, configurations as a random effect with mean 0.
Variances variances_of(const Logs& logs) {
    double squares = 0;
    double means = 0;
    double count = 0;
    double configs = 0;
    for (const auto& [config, values] : logs) {
        const double center = mean(values);
        const double n = static_cast<double>(values.size());
        for (const double value : values) squares += (value - center) * (value - center);
        means += n * center * center;
        count += n;
        configs += 1;
    }
    if (configs < fewest_configs || count <= configs) return {};
    const double within = squares / (count - configs);
    return {std::max(0.0, (means / configs - within) * configs / count), within};
}

std::map<int, double> factors_of(Logs logs) {
    clip(logs);
    const Variances variances = variances_of(logs);
    std::map<int, double> factors;
    if (variances.between <= 0) return factors;
    for (const auto& [config, values] : logs) {
        const double noise = variances.within / static_cast<double>(values.size());
        const double share = variances.between / (variances.between + noise);
        factors[config] = std::exp(std::clamp(share * mean(values), -largest_log, largest_log));
    }
    return factors;
}

double factor_or_one(const std::map<int, double>& factors, int config) {
    const auto found = factors.find(config);
    return found == factors.end() ? 1 : found->second;
}

}  // namespace

std::vector<ConfigurationLevel> fit_levels(const Dataset& dataset, std::span<const int> rows,
                                           const PhysicsModel& model) {
    Logs decode;
    Logs prefill;
    std::map<int, const Row*> configs;
    const auto add = [](Logs& logs, int config, double measured, double predicted) {
        if (measured > 0 && predicted > 0) logs[config].push_back(std::log(measured / predicted));
    };
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        configs.emplace(row.config, &row);
        add(prefill, row.config, row.prefill_ms, physics_prefill_ms(model, row.request));
        if (row.steps() > 0)
            add(decode, row.config, row.decode_ms,
                physics_decode_ms(model, row.request, row.output_tokens));
    }
    const auto decodes = factors_of(std::move(decode));
    const auto prefills = factors_of(std::move(prefill));
    std::vector<ConfigurationLevel> levels;
    for (const auto& [config, row] : configs)
        levels.push_back({row->request.tier, row->request.top_k, row->request.active_blocks,
                          factor_or_one(decodes, config), factor_or_one(prefills, config)});
    return levels;
}

}  // namespace decodemeter
