// Runs until the machine has settled.
#pragma once

#include <functional>
#include <vector>

#include "profiler/profile/profile.hpp"
#include "profiler/profile/settling.hpp"

namespace decodemeter {

// Repeats the first usable sample under the most expensive configuration until its time has settled. Nothing is
// recorded but what it came to. `on_run` hears of each run.
WarmUp warm_up(molmo::Molmo& model, const std::vector<Sample>& samples,
               const std::vector<Configuration>& configurations, const ProfileOptions& options,
               Instruments& instruments, const std::function<void(const WarmUp&)>& on_run = {});

}  // namespace decodemeter
