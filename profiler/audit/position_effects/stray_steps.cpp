#include <fmt/format.h>

#include <cmath>
#include <set>
#include <vector>

#include "profiler/audit/position_effects/remaining_effects.hpp"
#include "profiler/audit/position_effects/step_residuals.hpp"
#include "profiler/statistics/bimodality.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double least_effect = 0.01;
constexpr double stray_excess = 0.5;  // over 1.5 times the request's level
constexpr double stray_deviations = 6;
constexpr std::size_t least_strays = 5;
constexpr std::size_t least_requests = 3;

double pooled_deviation(const std::vector<StepResidual>& residuals) {
    std::vector<double> all;
    for (const StepResidual& residual : residuals) all.push_back(residual.excess);
    return robust_deviation(all);
}

struct StrayCount {
    std::size_t strays = 0;
    std::set<std::size_t> requests;
    double stray_ms = 0;
    double added_ms = 0;  // above the expected cost
    double total_ms = 0;
    int last_step = 0;
};

StrayCount count_strays(const std::vector<StepResidual>& residuals) {
    const double limit = std::max(stray_excess, stray_deviations * pooled_deviation(residuals));
    StrayCount count;
    for (const StepResidual& residual : residuals) {
        count.total_ms += residual.ms;
        count.last_step = std::max(count.last_step, residual.step);
        if (residual.excess <= limit) continue;
        ++count.strays;
        count.requests.insert(residual.request);
        count.stray_ms += residual.ms;
        count.added_ms += residual.ms * residual.excess / (1 + residual.excess);
    }
    return count;
}

}  // namespace

std::optional<PositionEffect> find_stray_steps(const StepPanel& panel, const PositionModel& model) {
    const std::vector<StepResidual> residuals = step_residuals(panel, model);
    const StrayCount count = count_strays(residuals);
    if (count.strays < least_strays || count.requests.size() < least_requests) return std::nullopt;
    if (count.added_ms < least_effect * count.total_ms) return std::nullopt;
    const auto steps = static_cast<double>(residuals.size());
    const double share = static_cast<double>(count.strays) / steps;
    const double half = 3.7 * std::sqrt(share * (1 - share) / steps);
    PositionEffect effect;
    effect.kind = PositionEffectKind::stray;
    effect.estimate = 100 * share;
    effect.interval = {100 * std::max(0.0, share - half), 100 * (share + half)};
    effect.unit = "percent_of_steps";
    effect.first_step = model.settled_from();
    effect.last_step = count.last_step;
    effect.sentence = fmt::format(
        "{} of {} settled steps ({:.2g} %, in {} requests) take over 1.5 times their request's "
        "median; they make {:.2g} % of the decode time.",
        count.strays, residuals.size(), effect.estimate, count.requests.size(),
        100 * count.stray_ms / count.total_ms);
    return effect;
}

std::optional<PositionEffect> find_two_step_speeds(const StepPanel& panel,
                                                   const PositionModel& model) {
    constexpr double least_distance = 0.03;
    constexpr std::size_t least_steps = 200;
    const std::vector<StepResidual> residuals = step_residuals(panel, model);
    const double limit = std::max(stray_excess, stray_deviations * pooled_deviation(residuals));
    std::vector<double> values;
    for (const StepResidual& residual : residuals) {
        if (std::fabs(residual.excess) <= limit) values.push_back(residual.excess);
    }
    if (values.size() < least_steps) return std::nullopt;
    const TwoGroups two = find_two_groups(values, least_distance);
    if (!two.found) return std::nullopt;
    const double share = static_cast<double>(two.upper_count) / static_cast<double>(values.size());
    PositionEffect effect;
    effect.kind = PositionEffectKind::two_speeds;
    effect.estimate = 100 * ((1 + two.upper_center) / (1 + two.lower_center) - 1);
    effect.interval = {NAN, NAN};
    effect.unit = "percent";
    effect.first_step = model.settled_from();
    effect.sentence = fmt::format(
        "Single steps fall into two groups: {:.2g} % of them take {:.3g} % longer than the others.",
        100 * share, effect.estimate);
    return effect;
}

}  // namespace decodemeter
