#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace decodemeter {

// A step above slow_step_ratio times the median of its own request.
struct SlowStep {
    int step = 0;  // 1-based
    double ratio = 0;
};

inline constexpr double slow_step_ratio = 5;
// With fewer steps a request's median says too little of a usual step.
inline constexpr std::size_t fewest_steps_to_judge = 8;

// In order; none in a request of fewer than fewest_steps_to_judge steps.
std::vector<SlowStep> slow_steps(std::span<const double> steps_ms);

}  // namespace decodemeter
