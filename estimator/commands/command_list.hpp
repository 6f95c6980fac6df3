// One function for each command, each in a file of its own.
#pragma once

#include <CLI/CLI.hpp>

namespace decodemeter {

void add_train_command(CLI::App& app);
void add_evaluate_command(CLI::App& app);
void add_visualize_command(CLI::App& app);
void add_predict_command(CLI::App& app);
void add_budget_command(CLI::App& app);
void add_simulate_command(CLI::App& app);
void add_test_command(CLI::App& app);
void add_export_command(CLI::App& app);
void add_transfer_command(CLI::App& app);

}  // namespace decodemeter
