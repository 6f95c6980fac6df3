// Costs that only the first run of its kind has: kernels that CUDA loads when they are first
// launched, and memory that LibTorch's allocator asks the driver for.
#pragma once

#include <functional>
#include <vector>

#include "profiler/profile/reference_run.hpp"

namespace decodemeter {

// The most expensive configuration of each tier, in the order of the tiers.
std::vector<Configuration> first_touches(const std::vector<Configuration>& configurations);

// Runs prefill and a few decode steps of the reference's sample under each of them; nothing is
// recorded. `before` is called before each.
void touch_first(molmo::Molmo& model, const ReferenceRun& reference,
                 const std::vector<Configuration>& configurations,
                 const std::function<void(const Configuration&)>& before = {});

}  // namespace decodemeter
