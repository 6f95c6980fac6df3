#include "profiler/statistics/slow_steps.hpp"

#include "profiler/statistics/summary.hpp"

namespace decodemeter {

std::vector<SlowStep> slow_steps(std::span<const double> steps_ms) {
    std::vector<SlowStep> slow;
    if (steps_ms.size() < fewest_steps_to_judge) return slow;
    const double usual = median(steps_ms);
    for (std::size_t i = 0; i < steps_ms.size(); ++i) {
        if (usual > 0 && steps_ms[i] > slow_step_ratio * usual)
            slow.push_back({static_cast<int>(i) + 1, steps_ms[i] / usual});
    }
    return slow;
}

}  // namespace decodemeter
