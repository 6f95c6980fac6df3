// Runs until the machine has settled, and what the instrument costs there.
#pragma once

#include <functional>

#include "profiler/profile/reference_run.hpp"
#include "profiler/profile/settling.hpp"
#include "profiler/timing/overhead.hpp"

namespace decodemeter {

// Repeats the run until its time has settled. Nothing is recorded but what it came to. `on_run`
// hears of each run.
WarmUp warm_up(molmo::Molmo& model, const ReferenceRun& run, Instruments& instruments,
               const std::function<void(const WarmUp&)>& on_run = {});

// Wall time of generate() with the instruments and without, in randomized ABBA blocks.
Overhead measure_own_overhead(molmo::Molmo& model, const ReferenceRun& run,
                              Instruments& instruments, int blocks, std::uint64_t seed);

}  // namespace decodemeter
