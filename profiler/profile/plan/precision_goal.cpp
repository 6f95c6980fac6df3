#include "profiler/profile/plan/precision_goal.hpp"

#include "profiler/statistics/median_interval.hpp"

namespace decodemeter {

void PrecisionGoal::add(std::size_t configuration, double step_mean_ms) {
    Known& known = configurations_[configuration];
    known.means_ms.push_back(step_mean_ms);
    known.current = false;
}

bool PrecisionGoal::reached(std::size_t configuration) {
    constexpr std::size_t fewest = 6;  // with fewer the interval does not reach its 95 %
    Known& known = configurations_[configuration];
    if (!goal_ || known.means_ms.size() < fewest) return false;
    if (!known.current)
        known.reached = relative_half_width(median_interval(known.means_ms)) <= *goal_;
    known.current = true;
    return known.reached;
}

bool PrecisionGoal::all_reached() {
    if (!goal_) return false;
    for (std::size_t i = 0; i < configurations_.size(); ++i) {
        if (!reached(i)) return false;
    }
    return true;
}

}  // namespace decodemeter
