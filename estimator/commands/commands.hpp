// The estimator's commands: train, evaluate, visualize, predict, budget, simulate, test, export,
// transfer.
#pragma once

namespace CLI {
class App;
}

namespace decodemeter {

// Adds the subcommands. Each runs as its own callback: throws InputError for bad input, ExitCode
// for another exit code, any other exception for a failure. Options are spelled with underscores.
void add_estimator_commands(CLI::App& app);

}  // namespace decodemeter
