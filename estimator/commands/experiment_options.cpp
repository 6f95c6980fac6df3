#include "estimator/commands/experiment_options.hpp"

#include "estimator/commands/options.hpp"

namespace decodemeter {

void add_experiment_options(CLI::App& command, ExperimentOptions& options) {
    command
        .add_option("--split", options.split,
                    "What the test rows have in common that the training rows lack: "
                    "leave_configuration_out (the default), "
                    "leave_level_out, leave_data_set_out, or by_sample, which is optimistic")
        ->check(CLI::IsMember({"leave_configuration_out", "leave_level_out", "leave_data_set_out",
                               "leave_dataset_out", "by_sample"}));
    command.add_option("--folds", options.folds, "Number of folds")
        ->check(CLI::Range(2, 1000))
        ->capture_default_str();
    command
        .add_option(
            "--compat", options.accounting,
            "published: the positioned network with the published accounting (N positions, squared "
            "milliseconds, raw features) too")
        ->check(CLI::IsMember({"published"}));
    command.add_flag(
        "--refit", options.refit,
        "Train the networks again in every fold, even if `train` stored their predictions");
    add_training_options(command, options.training);
}

}  // namespace decodemeter
