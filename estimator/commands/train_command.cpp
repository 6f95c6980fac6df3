#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/experiment_options.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/commands/report_output.hpp"
#include "estimator/data/sha256.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

struct TrainFlags {
    RecordOptions records;
    ExperimentOptions experiment;
    fs::path output_dir = "estimator";
    std::string model = "positioned";
    fs::path json;
    bool no_plots = false;
};

// One line an epoch, as the published training prints them, beside a bar.
class EpochLines {
public:
    EpochLines(const std::string& label, int epochs, const Interruption& interruption)
        : progress_(label, epochs), interruption_(interruption) {
        fmt::print("\n{}\n  {:>5} {:>11} {:>11} {:>14} {:>14} {:>10} {:>10}\n", label, "epoch",
                   "train loss", "valid. loss", "prefill MAE ms", "decode MAE ms", "prefill %",
                   "decode %");
    }

    bool operator()(const EpochReport& epoch) {
        fmt::print("  {:>5} {:>11.5f} {:>11.5f} {:>14.3f} {:>14.3f} {:>10.2f} {:>10.2f}\n",
                   epoch.epoch, epoch.train_loss, epoch.validation_loss, epoch.prefill_mae_ms,
                   epoch.decode_total_mae_ms, epoch.prefill_relative_percent,
                   epoch.decode_relative_percent);
        std::fflush(stdout);
        progress_.update(epoch.epoch);
        if (interruption_.requested()) spdlog::warn("interrupted: the best epoch so far is kept");
        return !interruption_.requested();
    }

private:
    Progress progress_;
    const Interruption& interruption_;
};

std::vector<std::string> keys_of(const Dataset& dataset, const std::vector<int>& rows) {
    std::vector<std::string> keys;
    for (const int row : rows) keys.push_back(dataset.rows[static_cast<std::size_t>(row)].key);
    return keys;
}

// The networks that are served: trained on all but the configurations that choose the epoch.
void train_networks(const Dataset& dataset, const TrainFlags& flags,
                    const Interruption& interruption, LatencyModel& model) {
    const TrainingOptions& options = flags.experiment.training;
    const TrainAndValidation split =
        split_validation(dataset, training_rows(dataset), options.seed);
    model.provenance.held_out_keys = keys_of(dataset, split.validation);
    {
        Progress progress("average", options.num_epochs);
        model.average = train_average(dataset, split.train, split.validation, options,
                                      [&](const EpochReport& epoch) {
                                          progress.update(epoch.epoch);
                                          return !interruption.requested();
                                      });
    }
    EpochLines lines("positioned", options.num_epochs, interruption);
    const PositionedEstimator network = PositionedEstimator::train(
        dataset, split.train, split.validation, options, std::ref(lines));
    network.save(flags.output_dir / checkpoint_file,
                 {dataset.records_hash, dataset.device, dataset.synthetic,
                  model.provenance.held_out_keys, model_digest(to_json(model), {})});
    model.provenance.checkpoint_sha256 = sha256_of(flags.output_dir / checkpoint_file);
}

std::vector<ModelKind> models_of(const TrainFlags& flags) {
    if (flags.model == "physics") return {ModelKind::constant_per_config, ModelKind::physics};
    std::vector<ModelKind> models = all_models(false);
    if (flags.experiment.accounting == "published")
        std::replace(models.begin(), models.end(), ModelKind::positioned,
                     ModelKind::positioned_published);
    return models;
}

void print_files(const TrainFlags& flags) {
    fmt::print("\nwritten to {}:\n", flags.output_dir.string());
    for (const auto name : {checkpoint_file, latency_model_file, std::string_view("metrics.json"),
                            out_of_fold_file}) {
        const fs::path file = flags.output_dir / name;
        if (fs::exists(file))
            fmt::print("  {} ({} kB)\n", name, (fs::file_size(file) + 1023) / 1024);
    }
}

ExperimentResult run_experiment(const Dataset& dataset, Split split, const TrainFlags& flags,
                                const Interruption& interruption) {
    const TrainingOptions& options = flags.experiment.training;
    ExperimentResult result;
    result.folds = make_folds(dataset, split, flags.experiment.folds, options.seed);
    result.predictions =
        predict_folds(dataset, result.folds, models_of(flags), options, interruption);
    result.report = evaluate_split(dataset, result.predictions, split, options.seed);
    return result;
}

LatencyModel fitted_model(const Dataset& dataset, const ExperimentResult& result,
                          std::uint64_t seed) {
    LatencyModel model = build_latency_model(dataset, training_rows(dataset),
                                             result.predictions.at(ModelKind::physics), seed);
    if (!model.bounds.calibrated)
        spdlog::warn("{} records are too few for upper bounds (P95 takes {}): none are shown",
                     model.provenance.records, fewest_for_p95);
    // What cannot be read back never replaces an earlier estimator.
    parse_latency_model(to_json(model), "the fitted estimator");
    return model;
}

void write_metrics(const Dataset& dataset, const ExperimentResult& result,
                   const TrainFlags& flags) {
    const std::string json = to_json(result.report);
    write_output_file(flags.output_dir / "metrics.json", json);
    if (!flags.json.empty()) write_output_file(flags.json, json);
    if (flags.no_plots) return;
    write_report({flags.output_dir / "report.html", flags.output_dir / "plots"},
                 "Latency estimator", dataset, result,
                 report_extras(dataset, result, flags.experiment.training.seed));
}

void train(TrainFlags flags) {
    TrainingOptions& options = flags.experiment.training;
    options.seed = flags.records.dataset.seed;
    options.published = flags.experiment.accounting == "published";
    const Dataset dataset = load_dataset(flags.records);
    require_decode_steps(dataset);
    fs::create_directories(flags.output_dir);
    const Interruption interruption;
    const Split split = chosen_split(dataset, flags.experiment.split);
    const ExperimentResult result = run_experiment(dataset, split, flags, interruption);
    LatencyModel model = fitted_model(dataset, result, options.seed);
    // An earlier training's checkpoint must not stand beside this one's model.
    fs::remove(flags.output_dir / checkpoint_file);
    if (flags.model != "physics") train_networks(dataset, flags, interruption, model);
    write_output_file(flags.output_dir / latency_model_file, to_json(model));
    write_out_of_fold(flags.output_dir / out_of_fold_file, dataset, split, result.predictions);
    print_evaluation(result.report);
    write_metrics(dataset, result, flags);
    print_files(flags);
}

}  // namespace

void add_train_command(CLI::App& app) {
    const auto flags = std::make_shared<TrainFlags>();
    CLI::App* command = app.add_subcommand(
        "train", "Fit the latency estimator to records, and test it on held-out rows");
    add_record_options(*command, flags->records);
    command
        ->add_option("--output_dir", flags->output_dir,
                     "Output directory of the estimator and its report")
        ->capture_default_str();
    command
        ->add_option(
            "--model", flags->model,
            "positioned: all four models; physics: without the networks, in about a second")
        ->check(CLI::IsMember({"positioned", "physics"}))
        ->capture_default_str();
    add_experiment_options(*command, flags->experiment);
    command->add_option("--json,--output_file", flags->json,
                        "Also write the metrics to this file as JSON");
    command->add_flag("--no_plots", flags->no_plots, "Do not draw plots or write the report page");
    command->footer(
        "Examples:\n"
        "  decodemeter train --results_dir results/demo/records --output_dir "
        "results/demo/estimator\n"
        "  decodemeter train --results_dir results/h100 --model physics --output_dir h100\n");
    command->callback([flags] { train(*flags); });
}

}  // namespace decodemeter
