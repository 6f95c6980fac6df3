// What a simulated request asks for, and how long its answer is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "estimator/simulate/simulate.hpp"
#include "estimator/simulate/simulated_draws.hpp"
#include "profiler/record/task.hpp"

namespace decodemeter {

// Where a request stands: its number, its data set and its configuration of so many.
struct RequestPlace {
    std::int64_t sample;
    std::size_t dataset;
    std::size_t configuration;
    std::size_t configurations;
};

// Every data set and configuration in turn, so that also a short simulation is balanced.
RequestPlace place_of(const SimulationParameters& parameters, std::int64_t sample,
                      std::size_t configurations);

struct DrawnRequest {
    Request request;
    int rows = 0;  // of tiles
    int columns = 0;
};
// An image of a common shape and a prompt of the task's length. The configuration has a tier.
DrawnRequest draw_request(const ConfigKey& config, Task task, SimulatedDraws& draws);

// The answer's tokens N, EOS included, by the parameters' length rule.
int draw_length(const SimulationParameters& parameters, Task task, const RequestPlace& place,
                SimulatedDraws& draws);

}  // namespace decodemeter
