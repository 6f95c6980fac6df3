#include <fmt/format.h>

#include <memory>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/experiment_options.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/commands/report_output.hpp"
#include "estimator/experiment/estimator_files.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

struct EvaluateFlags {
    RecordOptions records;
    ExperimentOptions experiment;
    std::filesystem::path checkpoint = "estimator";
    std::filesystem::path json;
};

void evaluate(EvaluateFlags flags) {
    flags.experiment.training.seed = flags.records.dataset.seed;
    const EstimatorFiles files = find_estimator(flags.checkpoint);
    const Dataset dataset = load_dataset(flags.records);
    const ExperimentResult result = evaluate_records(dataset, files, flags.experiment);
    print_evaluation(result.report);
    print_extras(report_extras(dataset, result, flags.experiment.training.seed));
    if (flags.json.empty()) return;
    write_output_file(flags.json, to_json(result.report));
    fmt::print("\nmetrics: {}\n", flags.json.string());
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
    const auto flags = std::make_shared<EvaluateFlags>();
    CLI::App* command = app.add_subcommand(
        "evaluate", "Test a trained estimator and the simpler models on held-out rows");
    add_record_options(*command, flags->records);
    command
        ->add_option("--checkpoint_path", flags->checkpoint,
                     "Either file of the estimator, or their folder")
        ->capture_default_str();
    add_experiment_options(*command, flags->experiment);
    command->add_option("--output_file,--json", flags->json,
                        "Write the metrics to this file as JSON");
    command->footer(
        "On records that the estimator came from, only what models said of rows that were left out "
        "is reported.\n"
        "Examples:\n"
        "  decodemeter evaluate --results_dir results/demo/records --checkpoint_path "
        "results/demo/estimator\n"
        "  decodemeter evaluate --results_dir results/new --checkpoint_path "
        "best_latency_estimator.pt "
        "--split leave_level_out --output_file metrics.json\n");
    command->callback([flags] { evaluate(*flags); });
}

}  // namespace decodemeter
