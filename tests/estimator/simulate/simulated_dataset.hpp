// Data sets of simulated records.
#pragma once

#include "estimator/data/dataset.hpp"
#include "estimator/simulate/simulate.hpp"

namespace decodemeter::test {

inline RecordSet record_set(Simulation simulation) {
    RecordSet set;
    set.run = std::move(simulation.header);
    set.records = std::move(simulation.records);
    return set;
}

inline Dataset simulated_dataset(const SimulationParameters& parameters,
                                 const DatasetOptions& options = {}) {
    return make_dataset(record_set(simulate(parameters)), options);
}

// A step costs the same at every position and context.
inline SimulationParameters flat_parameters(std::int64_t requests) {
    SimulationParameters parameters;
    parameters.physics.beta = {2.0, 0.9, 0.05, 0, 0, 0};
    parameters.requests = requests;
    return parameters;
}

// The same, with steps as long as the published ones: 46.7 ms on average, most of them the host's.
inline SimulationParameters flat_parameters_as_published(std::int64_t requests) {
    SimulationParameters parameters = flat_parameters(requests);
    parameters.physics.beta[0] = 31.1;
    return parameters;
}

}  // namespace decodemeter::test
