#include "profiler/audit/position_effects/step_residuals.hpp"

namespace decodemeter {

std::vector<StepResidual> step_residuals(const StepPanel& panel, const PositionModel& model) {
    std::vector<StepResidual> residuals;
    for (std::size_t i = 0; i < panel.requests.size(); ++i) {
        const StepSeries& request = panel.requests[i];
        const StepRange range = settled_steps(request, model);
        if (range.size() < 3) continue;
        const double level = level_ms(request, model);
        for (int step = range.first; step <= range.last; ++step)
            residuals.push_back({i, step, residual_of(request, model, level, step),
                                 request.ms[static_cast<std::size_t>(step - 1)]});
    }
    return residuals;
}

}  // namespace decodemeter
