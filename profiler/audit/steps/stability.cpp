#include "profiler/audit/steps/stability.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "profiler/statistics/bimodality.hpp"
#include "profiler/statistics/rank_correlation.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t least_samples = 30;
constexpr double least_drift = 0.03;     // of the median
constexpr double least_distance = 0.05;  // of two groups, of the median
constexpr double normal_mad =
    1.4826;  // of a normal distribution: standard deviation / median absolute deviation

struct Step {
    std::size_t record = 0;
    double context = 0;  // mean over the steps
    double ms = 0;       // mean step
};

using Group = std::vector<Step>;

std::map<std::string, Group> group_steps(std::span<const SampleRecord> records) {
    std::map<std::string, Group> groups;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const SampleRecord& record = records[i];
        if (record.output_tokens < 2 || record.T_LLM_decode <= 0) continue;
        const double context = record.prompt_tokens + 0.5 * record.output_tokens;
        groups[record.dataset + ' ' + to_string(record.config)].push_back(
            {i, context, *decode_per_step_mean_ms(record)});
    }
    return groups;
}

// Steps with the line through their contexts levelled, about the group's mean.
std::vector<double> levelled(const Group& group) {
    std::vector<double> contexts;
    std::vector<double> times;
    for (const Step& step : group) {
        contexts.push_back(step.context);
        times.push_back(step.ms);
    }
    const double center = mean(contexts);
    const auto [least, most] = std::minmax_element(contexts.begin(), contexts.end());
    if (*least == *most) return times;
    const double slope = fit_line(contexts, times).slope;
    for (std::size_t i = 0; i < times.size(); ++i) times[i] -= slope * (contexts[i] - center);
    return times;
}

std::size_t count_outliers(const std::vector<double>& values) {
    const double center = median(values);
    std::vector<double> distances;
    for (const double value : values) distances.push_back(std::fabs(value - center));
    const double limit = std::max(6 * normal_mad * median(distances), 1e-3 * center);
    return static_cast<std::size_t>(std::count_if(
        distances.begin(), distances.end(), [&](double distance) { return distance > limit; }));
}

// Each record's rank by its time stamp.
std::vector<double> places_in_time(std::span<const SampleRecord> records) {
    std::vector<std::size_t> order(records.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return records[a].time < records[b].time;
    });
    std::vector<double> places(records.size());
    for (std::size_t i = 0; i < order.size(); ++i) places[order[i]] = static_cast<double>(i);
    return places;
}

bool has_times(std::span<const SampleRecord> records) {
    return std::all_of(records.begin(), records.end(),
                       [](const SampleRecord& record) { return !record.time.empty(); });
}

struct DriftSeries {
    std::vector<double> times;
    std::vector<double> values;  // relative to their group's median
};

DriftFinding drift_of(const DriftSeries& series) {
    const Drift drift = find_drift(series.times, series.values, least_drift);
    return {100 * drift.change, drift.rank.p, series.values.size(), drift.found};
}

}  // namespace

Stability audit_stability(std::span<const SampleRecord> records) {
    Stability stability;
    DriftSeries series;
    const bool timed = has_times(records);
    const std::vector<double> places = places_in_time(records);
    for (const auto& [name, group] : group_steps(records)) {
        if (group.size() < least_samples) continue;
        ++stability.groups_tested;
        const std::vector<double> values = levelled(group);
        const double center = median(values);
        stability.outliers += count_outliers(values);
        const TwoGroups two = find_two_groups(values, least_distance * center);
        if (two.found) {
            const double share =
                static_cast<double>(two.upper_count) / static_cast<double>(values.size());
            stability.bimodal.push_back(
                {name, two.lower_center, two.upper_center, share, values.size()});
        }
        for (std::size_t i = 0; i < group.size(); ++i) {
            const double within = static_cast<double>(i) / static_cast<double>(group.size());
            series.times.push_back(timed ? places[group[i].record] : within);
            series.values.push_back(values[i] / center);
        }
    }
    if (!series.values.empty()) stability.drift = drift_of(series);
    return stability;
}

}  // namespace decodemeter
