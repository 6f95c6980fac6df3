#include "profiler/audit/position_effects/step_panel.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

bool has_every_step(const SampleRecord& record) {
    const auto& steps = record.T_decode_per_step;
    return !steps.empty() && steps.size() == static_cast<std::size_t>(record.decode_steps()) &&
           std::all_of(steps.begin(), steps.end(),
                       [](double ms) { return std::isfinite(ms) && ms > 0; });
}

}  // namespace

bool have_times(std::span<const SampleRecord> records) {
    return std::all_of(records.begin(), records.end(),
                       [](const SampleRecord& record) { return !record.time.empty(); });
}

std::vector<double> places_in_run(std::span<const SampleRecord> records) {
    std::vector<std::size_t> order(records.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (have_times(records)) {
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return records[a].time < records[b].time;
        });
    }
    const double last = std::max(1.0, static_cast<double>(records.size()) - 1);
    std::vector<double> places(records.size());
    for (std::size_t i = 0; i < order.size(); ++i) places[order[i]] = static_cast<double>(i) / last;
    return places;
}

StepPanel step_panel(std::span<const SampleRecord> records) {
    StepPanel panel;
    std::map<std::pair<std::string, ConfigKey>, std::size_t> cells;
    const std::vector<double> places = places_in_run(records);
    for (std::size_t i = 0; i < records.size(); ++i) {
        const SampleRecord& record = records[i];
        if (!has_every_step(record)) continue;
        const auto cell = cells.try_emplace({record.dataset, record.config}, cells.size());
        panel.requests.push_back({i, cell.first->second, places[i], record.prompt_tokens,
                                  record.T_LLM_prefill, record.T_decode_per_step});
    }
    panel.cells = cells.size();
    panel.timed = have_times(records);
    return panel;
}

double filled_pages(const StepSeries& request, int step, int page) noexcept {
    return std::floor(static_cast<double>(request.prompt_tokens + step) / page);
}

double PositionModel::factor(const StepSeries& request, int step) const noexcept {
    double factor = 1 + slope * (step - 1);
    const auto index = static_cast<std::size_t>(step - 1);
    if (index < transient.size()) factor *= 1 + transient[index];
    if (index < pattern.size()) factor *= 1 + pattern[index];
    if (step == request.steps()) factor *= 1 + last;
    if (page > 0) factor *= std::pow(1 + jump, filled_pages(request, step, page));
    return factor;
}

StepRange settled_steps(const StepSeries& request, const PositionModel& model) noexcept {
    return {model.settled_from(), request.steps() - 1};
}

double level_ms(const StepSeries& request, const PositionModel& model) {
    const StepRange range = settled_steps(request, model);
    std::vector<double> levels;
    for (int step = range.first; step <= range.last; ++step) {
        const double ms = request.ms[static_cast<std::size_t>(step - 1)];
        levels.push_back(ms / model.factor(request, step));
    }
    return median(levels);
}

double residual_of(const StepSeries& request, const PositionModel& model, double level_ms,
                   int step) noexcept {
    const double ms = request.ms[static_cast<std::size_t>(step - 1)];
    return ms / (level_ms * model.factor(request, step)) - 1;
}

}  // namespace decodemeter
