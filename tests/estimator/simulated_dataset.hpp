// Data sets of simulated records.
#pragma once

#include "estimator/dataset.hpp"
#include "estimator/simulate.hpp"

namespace decodemeter::test {

inline RecordSet record_set(Simulation simulation) {
    RecordSet set;
    set.run = std::move(simulation.header);
    set.records = std::move(simulation.records);
    return set;
}

inline Dataset simulated_dataset(const SimulationParameters& parameters, const DatasetOptions& options = {}) {
    return make_dataset(record_set(simulate(parameters)), options);
}

// A step costs the same at every position and context.
inline SimulationParameters flat_parameters(std::int64_t requests) {
    SimulationParameters parameters;
    parameters.physics.beta = {2.0, 0.9, 0.05, 0, 0};
    parameters.requests = requests;
    return parameters;
}

}  // namespace decodemeter::test
