// The transient of the first steps and the slope after it, found together.
#pragma once

#include <optional>
#include <vector>

#include "profiler/audit/position_effects/clustered_fit.hpp"
#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/audit/position_effects/step_panel.hpp"

namespace decodemeter {

// A median over requests with its interval.
struct RequestMedian {
    double center = 0;
    double lower = 0;
    double upper = 0;
    std::size_t requests = 0;

    bool excludes_zero() const noexcept { return requests > 0 && (lower > 0 || upper < 0); }
    bool reaches_within(double size) const noexcept { return lower <= size && upper >= -size; }
};
// 99.8 % sign-test interval. With fewer than 10 values a sign test cannot reach that: Student's
// interval of the mean.
RequestMedian median_over_requests(const std::vector<double>& values);

struct Settling {
    PositionModel model;                   // transient, slope
    std::vector<RequestMedian> transient;  // of step 1, 2, ... about the settled level
    bool has_transient = false;            // step 1 differs
    int settled_from = 1;                  // first step whose interval reaches within 1 %
    ClusteredFit slope;                    // value[0]: share of a per token
    int first_step = 1;                    // range of the slope
    int last_step = 1;
};

// `panel` holds requests of 9 steps or more.
Settling find_settling(const StepPanel& panel);

std::optional<PositionEffect> transient_effect(const StepPanel& panel, const Settling& settling);
std::optional<PositionEffect> slope_effect(const Settling& settling);

// The slope of what `model` leaves, all else taken out: one value for all requests. The second
// column, where given, is fitted beside it.
using StepColumn = double (*)(const StepSeries&, int step, int parameter);
ClusteredFit fit_slope(const StepPanel& panel, const PositionModel& model,
                       StepColumn second = nullptr, int parameter = 0);

}  // namespace decodemeter
