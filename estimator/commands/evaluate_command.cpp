#include <fmt/format.h>

#include <memory>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/report_output.hpp"

namespace decodemeter {

namespace {

struct EvaluateFlags {
    RecordOptions records;
    JudgingOptions judging;
    std::filesystem::path checkpoint = "estimator";
    std::filesystem::path json;
};

void evaluate(EvaluateFlags flags) {
    flags.judging.training.seed = flags.records.dataset.seed;
    const EstimatorFiles files = find_estimator(flags.checkpoint);
    const Dataset dataset = load_dataset(flags.records);
    const JudgedRecords judged = judge_records(dataset, files, flags.judging);
    print_evaluation(judged.report);
    print_extras(report_extras(dataset, judged, flags.judging.training.seed));
    if (flags.json.empty()) return;
    write_file(flags.json, to_json(judged.report));
    fmt::print("\nmetrics: {}\n", flags.json.string());
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
    const auto flags = std::make_shared<EvaluateFlags>();
    CLI::App* command = app.add_subcommand("evaluate",
                                           "Judge a trained estimator, and the simpler models "
                                           "beside it, on rows that were not fitted");
    add_record_options(*command, flags->records);
    command
        ->add_option("--checkpoint_path", flags->checkpoint,
                     "Either file of the estimator, or their folder")
        ->capture_default_str();
    add_judging_options(*command, flags->judging);
    command->add_option("--output_file,--json", flags->json, "The metrics as JSON");
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
