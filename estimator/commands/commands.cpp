#include "estimator/commands/commands.hpp"

#include "estimator/commands/command_list.hpp"

namespace decodemeter {

void add_estimator_commands(CLI::App& app) {
    add_train_command(app);
    add_evaluate_command(app);
    add_visualize_command(app);
    add_predict_command(app);
    add_budget_command(app);
    add_simulate_command(app);
    add_test_command(app);
    add_export_command(app);
    add_transfer_command(app);
}

}  // namespace decodemeter
