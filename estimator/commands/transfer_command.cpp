#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/commands/report_output.hpp"
#include "estimator/evaluate/transfer.hpp"
#include "estimator/experiment/estimator_files.hpp"
#include "profiler/commands/checks/option_checks.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

struct TransferFlags {
    RecordOptions records;
    std::filesystem::path checkpoint = "estimator";
    std::filesystem::path output_dir = "estimator-transferred";
    int requests = 20;
    std::filesystem::path json;
};

ModelReport evaluate_model_on(const Dataset& dataset, std::span<const int> rows,
                              const LatencyModel& model) {
    const Predictions predictions = predict_rows(dataset, rows, model.physics);
    ModelReport report = evaluate_model(dataset, predictions);
    report.coverage = coverage_under(dataset, ratio_samples(dataset, predictions), model.bounds);
    return report;
}

constexpr double lowest_coverage = 0.90;
constexpr std::int64_t fewest_to_warn = 20;

void warn_of_low_coverage(const CoverageFigures& p95) {
    if (p95.count < fewest_to_warn || p95.overall >= lowest_coverage) return;
    spdlog::warn(
        "only {:.1f} % of the requests that were not used lie under their P95 bound: the refitted "
        "model does not describe this device; raise --requests, or train on its records",
        100 * p95.overall);
}

void check_output(const TransferFlags& flags, const EstimatorFiles& files) {
    refuse_output_among(flags.output_dir, std::vector{fs::absolute(files.json).parent_path()});
    if (fs::exists(flags.output_dir / checkpoint_file))
        throw InputError("--output_dir " + flags.output_dir.string() + ": holds the " +
                         std::string(checkpoint_file) +
                         " of another training; choose a new directory");
}

// All rows but those that are refitted from.
std::vector<int> test_rows(const Dataset& dataset, const std::vector<int>& refitted_from) {
    std::vector<int> rest;
    for (int i = 0; i < static_cast<int>(dataset.rows.size()); ++i) {
        if (std::find(refitted_from.begin(), refitted_from.end(), i) == refitted_from.end())
            rest.push_back(i);
    }
    if (rest.empty())
        throw InputError(
            "all records would be used for the refit; lower --requests, or record more");
    return rest;
}

void transfer(const TransferFlags& flags) {
    const EstimatorFiles files = find_estimator(flags.checkpoint);
    check_output(flags, files);
    const LatencyModel source = read_latency_model(files.json);
    const Dataset dataset = load_dataset(flags.records);
    require_decode_steps(dataset);
    const std::uint64_t seed = flags.records.dataset.seed;
    const std::vector<int> rows = rows_to_measure(dataset, flags.requests, seed);
    const std::vector<int> rest = test_rows(dataset, rows);

    Progress progress("transfer", 3);
    const LatencyModel model = transferred(source, dataset, rows);
    progress.update(1, "refitted");
    EvaluationReport report =
        start_report(dataset, "transfer",
                     fmt::format("refitted from {} requests on {}; tested on the other {}",
                                 rows.size(), dataset.device, rest.size()),
                     seed);
    report.models["before"] = evaluate_model_on(dataset, rest, source);
    report.models["after"] = evaluate_model_on(dataset, rest, model);
    progress.update(3, "tested");
    progress.finish();
    print_evaluation(report);
    warn_of_low_coverage(report.models["after"].coverage->p95);
    write_output_file(flags.output_dir / latency_model_file, to_json(model));
    fmt::print("\nwritten: {}\n", (flags.output_dir / latency_model_file).string());
    if (!flags.json.empty()) write_output_file(flags.json, to_json(report));
}

}  // namespace

void add_transfer_command(CLI::App& app) {
    const auto flags = std::make_shared<TransferFlags>();
    CLI::App* command = app.add_subcommand(
        "transfer", "Refit an estimator to another device from a few requests measured there");
    command->add_option("--checkpoint_path", flags->checkpoint, "The estimator of the first device")
        ->capture_default_str();
    add_record_options(*command, flags->records);
    command
        ->add_option("--requests", flags->requests,
                     "Number of records of the new device to refit from")
        ->check(positive_int())
        ->capture_default_str();
    command
        ->add_option("--output_dir", flags->output_dir,
                     "Output directory of the refitted latency_estimator.json")
        ->capture_default_str();
    command->add_option("--json,--output_file", flags->json,
                        "Write the errors before and after to this file as JSON");
    command->footer(
        "Example:\n"
        "  decodemeter transfer --checkpoint_path a100/latency_estimator.json --results_dir "
        "results/h100 --requests 20 "
        "--output_dir h100\n");
    command->callback([flags] { transfer(*flags); });
}

}  // namespace decodemeter
