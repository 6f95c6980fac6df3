#include "profiler/audit/position_effects/settling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "profiler/statistics/median_interval.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr int rounds = 4;
constexpr int initial_transient = 4;   // steps left out before anything is known
constexpr int longest_transient = 16;  // what takes longer to settle is growth
constexpr std::size_t sign_test_values = 10;
constexpr double sign_test_confidence = 0.998;
constexpr double least_effect = 0.01;

// x[s] / (a (1 + slope (s - 1))) - 1 over the requests that go on for long enough after step s.
std::vector<double> excess_of_step(const StepPanel& panel, const PositionModel& settled, int step) {
    PositionModel line;
    line.slope = settled.slope;
    std::vector<double> excess;
    for (const StepSeries& request : panel.requests) {
        if (request.steps() <= step) continue;
        const double level = level_ms(request, settled);
        if (std::isfinite(level)) excess.push_back(residual_of(request, line, level, step));
    }
    return excess;
}

std::vector<RequestMedian> measure_transient(const StepPanel& panel, const PositionModel& settled) {
    std::vector<RequestMedian> medians;
    for (int step = 1; step <= longest_transient; ++step) {
        const std::vector<double> excess = excess_of_step(panel, settled, step);
        if (excess.size() < 5) break;
        medians.push_back(median_over_requests(excess));
    }
    return medians;
}

int first_settled_step(const std::vector<RequestMedian>& medians) {
    const auto settled = std::find_if(medians.begin(), medians.end(), [](const auto& point) {
        return point.reaches_within(least_effect);
    });
    return static_cast<int>(settled - medians.begin()) + 1;
}

bool has_transient(const std::vector<RequestMedian>& medians) {
    return !medians.empty() && medians[0].excludes_zero() &&
           std::fabs(medians[0].center) >= least_effect &&
           first_settled_step(medians) <= static_cast<int>(medians.size());
}

void set_transient(Settling& settling) {
    settling.has_transient = has_transient(settling.transient);
    settling.settled_from = settling.has_transient ? first_settled_step(settling.transient) : 1;
    settling.model.transient.clear();
    for (int step = 1; step < settling.settled_from; ++step)
        settling.model.transient.push_back(
            settling.transient[static_cast<std::size_t>(step - 1)].center);
}

void set_range(const StepPanel& panel, Settling& settling) {
    std::vector<double> lengths;
    for (const StepSeries& request : panel.requests)
        lengths.push_back(settled_steps(request, settling.model).last);
    settling.first_step = settling.model.settled_from();
    settling.last_step = static_cast<int>(quantile(lengths, 0.9));
}

std::string percent_text(double share) { return fmt::format("{:.3g} %", 100 * std::fabs(share)); }

// Share of all decode time that the transient adds.
double transient_share(const StepPanel& panel, const Settling& settling) {
    double added = 0;
    double total = 0;
    PositionModel line;
    line.slope = settling.model.slope;
    for (const StepSeries& request : panel.requests) {
        const double level = level_ms(request, settling.model);
        if (!std::isfinite(level)) continue;
        for (int step = 1; step < settling.settled_from && step < request.steps(); ++step)
            added += level * residual_of(request, line, level, step);
        total += std::accumulate(request.ms.begin(), request.ms.end(), 0.0);
    }
    return total > 0 ? added / total : 0;
}

// The same fit with the larger error of the two for each column.
ClusteredFit weaker(ClusteredFit a, const ClusteredFit& b) {
    for (std::size_t k = 0; k < 2; ++k) {
        const double factor_a = claim_factor(a.degrees[k]) * a.error[k];
        const double factor_b = claim_factor(b.degrees[k]) * b.error[k];
        if (factor_b <= factor_a) continue;
        a.error[k] = b.error[k];
        a.degrees[k] = b.degrees[k];
    }
    return a;
}

}  // namespace

RequestMedian median_over_requests(const std::vector<double>& values) {
    if (values.size() >= sign_test_values) {
        const MedianInterval interval = median_interval(values, sign_test_confidence);
        return {interval.median, interval.lower, interval.upper, values.size()};
    }
    const double center = mean(values);
    const double degrees = static_cast<double>(values.size()) - 1;
    const double error = standard_deviation(values) / std::sqrt(degrees + 1);
    const double half = claim_factor(degrees) * error;
    return {center, center - half, center + half, values.size()};
}

ClusteredFit fit_slope(const StepPanel& panel, const PositionModel& model, StepColumn second,
                       int parameter) {
    PositionModel flat = model;
    flat.slope = 0;
    // What is left of a transient at its end would look like a slope.
    const int first = 2 * model.settled_from() - 1;
    std::vector<Cluster> clusters;
    for (const StepSeries& request : panel.requests) {
        const StepRange range{first, settled_steps(request, model).last};
        if (range.size() < 3) continue;
        const double level = level_ms(request, model);
        Cluster cluster;
        for (int step = range.first; step <= range.last; ++step) {
            cluster.y.push_back(residual_of(request, flat, level, step));
            cluster.x[0].push_back(step - 1);
            if (second) cluster.x[1].push_back(second(request, step, parameter));
        }
        clusters.push_back(std::move(cluster));
    }
    const int columns = second ? 2 : 1;
    const ClusteredFit by_request = fit_within_clusters(clusters, columns);
    // Positions as units too: a periodic pattern must not pass for a slope.
    const ClusteredFit by_position =
        fit_within_clusters(clusters, columns, IndependentUnit::first_column);
    return weaker(by_request, by_position);
}

Settling find_settling(const StepPanel& panel) {
    Settling settling;
    settling.model.transient.assign(initial_transient, 0.0);
    for (int round = 0; round < rounds; ++round) {
        settling.slope = fit_slope(panel, settling.model);
        settling.model.slope = settling.slope.value[0];
        settling.transient = measure_transient(panel, settling.model);
        set_transient(settling);
    }
    settling.slope = fit_slope(panel, settling.model);
    settling.model.slope = settling.slope.value[0];
    set_range(panel, settling);
    return settling;
}

std::optional<PositionEffect> transient_effect(const StepPanel& panel, const Settling& settling) {
    if (!settling.has_transient) return std::nullopt;
    const RequestMedian& first = settling.transient[0];
    PositionEffect effect;
    effect.kind = PositionEffectKind::transient;
    effect.estimate = 100 * first.center;
    effect.interval = {100 * first.lower, 100 * first.upper};
    effect.unit = "percent";
    effect.first_step = 1;
    effect.last_step = settling.settled_from - 1;
    const bool longer = first.center > 0;
    effect.sentence = fmt::format(
        "Step 1 takes {} {} than the settled steps of its own request ({:.3g} to {:.3g} %); "
        "settled from step {}. This {} the decode time by {}.",
        percent_text(first.center), longer ? "longer" : "less", effect.interval[0],
        effect.interval[1], settling.settled_from, longer ? "raises" : "lowers",
        percent_text(transient_share(panel, settling)));
    return effect;
}

std::optional<PositionEffect> slope_effect(const Settling& settling) {
    const double value = settling.slope.value[0];
    const double error = settling.slope.error[0];
    const double range = settling.last_step - settling.first_step;
    const double over_range = value * range;
    if (std::fabs(over_range) < least_effect) return std::nullopt;
    if (!is_significant(settling.slope, 0)) return std::nullopt;
    const double half = claim_factor(settling.slope.degrees[0]) * error;
    PositionEffect effect;
    effect.kind = PositionEffectKind::slope;
    effect.estimate = 100 * value;
    effect.interval = {100 * (value - half), 100 * (value + half)};
    effect.unit = "percent_per_token";
    effect.first_step = settling.first_step;
    effect.last_step = settling.last_step;
    effect.sentence = fmt::format(
        "The cost of a step {} by {:.3g} ± {:.1g} % per token, {:+.3g} % from step {} to step {}.",
        value > 0 ? "grows" : "falls", 100 * std::fabs(value), 100 * error, 100 * over_range,
        settling.first_step, settling.last_step);
    return effect;
}

}  // namespace decodemeter
