#pragma once

#include <CLI/CLI.hpp>

#include "estimator/experiment/experiment.hpp"

namespace decodemeter {

void add_experiment_options(CLI::App& command, ExperimentOptions& options);

}  // namespace decodemeter
