// What the position model leaves of each settled step.
#pragma once

#include <cstddef>
#include <vector>

#include "profiler/audit/position_effects/step_panel.hpp"

namespace decodemeter {

struct StepResidual {
    std::size_t request = 0;  // index in the panel
    int step = 0;
    double excess = 0;  // time / expected - 1
    double ms = 0;
};

// Of the settled steps but the last, of all requests that have at least 3 of them.
std::vector<StepResidual> step_residuals(const StepPanel& panel, const PositionModel& model);

}  // namespace decodemeter
