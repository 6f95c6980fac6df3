#include "profiler/audit/position_effects/prefill_share.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <vector>

#include "profiler/audit/position_effects/clustered_fit.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

std::optional<PositionEffect> find_prefill_in_step_1(const StepPanel& panel,
                                                     const PositionModel& model) {
    constexpr double least_share = 0.05;
    PositionModel settled = model;  // what step 1 would cost without its transient
    settled.transient.clear();
    std::map<std::size_t, Cluster> cells;
    for (const StepSeries& request : panel.requests) {
        if (settled_steps(request, model).size() < 3 || !(request.prefill_ms > 0)) continue;
        const double level = level_ms(request, model);
        Cluster& cell = cells[request.cell];
        const double expected = level * settled.factor(request, 1);
        cell.y.push_back(request.ms[0] - expected);
        cell.x[0].push_back(request.prefill_ms);
        cell.x[1].push_back(expected);
    }
    std::vector<Cluster> clusters;
    for (auto& [cell, cluster] : cells) clusters.push_back(std::move(cluster));
    const ClusteredFit fit = fit_within_clusters(clusters, 2, IndependentUnit::row);
    const double share = fit.value[0];
    if (share < least_share || !is_significant(fit, 0)) return std::nullopt;
    const double half = claim_factor(fit.degrees[0]) * fit.error[0];
    PositionEffect effect;
    effect.kind = PositionEffectKind::prefill_in_step_1;
    effect.estimate = 100 * share;
    effect.interval = {100 * (share - half), 100 * (share + half)};
    effect.unit = "percent_of_prefill";
    effect.first_step = effect.last_step = 1;
    effect.sentence = fmt::format(
        "Step 1 contains {:.3g} % of its request's prefill ({:.3g} to {:.3g} %): its excess grows "
        "with T_LLM_prefill.",
        effect.estimate, effect.interval[0], effect.interval[1]);
    return effect;
}

}  // namespace decodemeter
