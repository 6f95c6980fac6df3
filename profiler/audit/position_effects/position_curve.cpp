#include "profiler/audit/position_effects/position_curve.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "profiler/statistics/median_interval.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t least_requests = 5;
constexpr int every_step_to = 16;
constexpr int most_later_points = 48;
constexpr std::size_t most_configs = 5;

// The settled steps' plain median: the model's slope and jumps stay in the curve.
double settled_median(const StepSeries& request, const PositionModel& model) {
    PositionModel plain;
    plain.transient = model.transient;
    return level_ms(request, plain);
}

PositionCurve curve_of(std::string name, const std::vector<const StepSeries*>& requests,
                       const PositionModel& model) {
    std::map<int, std::vector<double>> shares;
    for (const StepSeries* request : requests) {
        const double level = settled_median(*request, model);
        if (!std::isfinite(level)) continue;
        for (int step = 1; step <= request->steps(); ++step)
            shares[step].push_back(request->ms[static_cast<std::size_t>(step - 1)] / level);
    }
    const int longest = shares.empty() ? 0 : shares.rbegin()->first;
    const int stride = std::max(1, (longest - every_step_to) / most_later_points);
    PositionCurve curve{std::move(name), {}};
    for (const auto& [step, values] : shares) {
        if (values.size() < least_requests) continue;
        if (step > every_step_to && (step - every_step_to) % stride != 0) continue;
        const MedianInterval interval = median_interval(values);
        curve.points.push_back(
            {step, interval.median, interval.lower, interval.upper, values.size()});
    }
    return curve;
}

struct ConfigRequests {
    std::vector<const StepSeries*> requests;
    double level_ms = 0;
};

}  // namespace

PositionCurve pooled_curve(const StepPanel& panel, const PositionModel& model) {
    std::vector<const StepSeries*> all;
    for (const StepSeries& request : panel.requests) all.push_back(&request);
    return curve_of("all configurations", all, model);
}

std::vector<PositionCurve> curves_by_config(const StepPanel& panel, const PositionModel& model,
                                            std::span<const SampleRecord> records) {
    std::map<ConfigKey, ConfigRequests> configs;
    for (const StepSeries& request : panel.requests)
        configs[records[request.record].config].requests.push_back(&request);
    std::vector<std::pair<ConfigKey, ConfigRequests>> sorted;
    for (auto& [config, entry] : configs) {
        if (entry.requests.size() < least_requests) continue;
        std::vector<double> levels;
        for (const StepSeries* request : entry.requests)
            levels.push_back(settled_median(*request, model));
        entry.level_ms = median(levels);
        sorted.emplace_back(config, std::move(entry));
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.second.level_ms < b.second.level_ms; });
    std::vector<PositionCurve> curves;
    const std::size_t count = std::min(sorted.size(), most_configs);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = count > 1 ? i * (sorted.size() - 1) / (count - 1) : 0;
        curves.push_back(curve_of(to_string(sorted[at].first), sorted[at].second.requests, model));
    }
    return curves;
}

}  // namespace decodemeter
