// The options of `simulate` that set one parameter each.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "estimator/simulate/simulate.hpp"

namespace decodemeter {

// Collects what is given as a JSON document of simulation parameters.
class ParameterFlags {
public:
    // Options appear in `command`'s help with the parameters' defaults.
    void add_to(CLI::App& command);
    // Sets what was given. Throws InputError naming the parameter.
    void apply(SimulationParameters& parameters) const;

private:
    std::string json_ = "{}";
};

}  // namespace decodemeter
