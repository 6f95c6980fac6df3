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

struct VisualizeFlags {
    RecordOptions records;
    ExperimentOptions experiment;
    std::filesystem::path checkpoint = "estimator";
    std::filesystem::path output_dir = "plots";
    std::filesystem::path json;
};

void visualize(VisualizeFlags flags) {
    flags.experiment.training.seed = flags.records.dataset.seed;
    const EstimatorFiles files = find_estimator(flags.checkpoint);
    const Dataset dataset = load_dataset(flags.records);
    const ExperimentResult result = evaluate_records(dataset, files, flags.experiment);
    std::filesystem::create_directories(flags.output_dir);
    write_report({flags.output_dir / "report.html", flags.output_dir}, "Latency estimator", dataset,
                 result, report_extras(dataset, result, flags.experiment.training.seed));
    if (!flags.json.empty()) write_output_file(flags.json, to_json(result.report));
}

}  // namespace

void add_visualize_command(CLI::App& app) {
    const auto flags = std::make_shared<VisualizeFlags>();
    CLI::App* command = app.add_subcommand(
        "visualize", "Plot predictions against measurements (PNG, SVG, and an HTML page)");
    add_record_options(*command, flags->records);
    command
        ->add_option("--checkpoint_path", flags->checkpoint,
                     "Either file of the estimator, or their folder")
        ->capture_default_str();
    command
        ->add_option("--output_dir", flags->output_dir,
                     "Output directory of the plots and report.html")
        ->capture_default_str();
    add_experiment_options(*command, flags->experiment);
    command->add_option("--json,--output_file", flags->json,
                        "Write the metrics to this file as JSON");
    command->footer(
        "Example:\n"
        "  decodemeter visualize --results_dir results/demo/records --checkpoint_path "
        "results/demo/estimator "
        "--output_dir plots\n");
    command->callback([flags] { visualize(*flags); });
}

}  // namespace decodemeter
