#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/report_output.hpp"
#include "estimator/data/sha256.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;

struct TrainFlags {
    RecordOptions records;
    JudgingOptions judging;
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

// The networks that are served: fitted to all but the configurations that choose the epoch.
void train_networks(const Dataset& dataset, const TrainFlags& flags,
                    const Interruption& interruption, LatencyModel& model) {
    const TrainingOptions& options = flags.judging.training;
    const FitAndValidation split = split_validation(dataset, fitted_rows(dataset), options.seed);
    model.provenance.held_out_keys = keys_of(dataset, split.validation);
    {
        Progress progress("average", options.num_epochs);
        model.average = train_average(dataset, split.fitted, split.validation, options,
                                      [&](const EpochReport& epoch) {
                                          progress.update(epoch.epoch);
                                          return !interruption.requested();
                                      });
    }
    EpochLines lines("positioned", options.num_epochs, interruption);
    const PositionedEstimator network = PositionedEstimator::train(
        dataset, split.fitted, split.validation, options, std::ref(lines));
    network.save(flags.output_dir / checkpoint_file,
                 {dataset.records_hash, dataset.device, dataset.synthetic,
                  model.provenance.held_out_keys, model_digest(to_json(model), {})});
    model.provenance.checkpoint_sha256 = sha256_of(flags.output_dir / checkpoint_file);
}

std::vector<std::string> models_of(const TrainFlags& flags) {
    std::vector<std::string> models = all_models(false);
    if (flags.model == "physics") std::erase(models, "positioned"), std::erase(models, "average");
    if (flags.judging.accounting == "published")
        std::replace(models.begin(), models.end(), std::string("positioned"),
                     std::string("positioned_published"));
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

void train(TrainFlags flags) {
    TrainingOptions& options = flags.judging.training;
    options.seed = flags.records.dataset.seed;
    options.published = flags.judging.accounting == "published";
    const Dataset dataset = load_dataset(flags.records);
    require_decode_steps(dataset);
    fs::create_directories(flags.output_dir);
    const Interruption interruption;
    const Split split = chosen_split(dataset, flags.judging.split);
    JudgedRecords judged;
    judged.folds = make_folds(dataset, split, flags.judging.folds, options.seed);
    judged.predictions =
        predict_folds(dataset, judged.folds, models_of(flags), options, interruption);
    judged.report = judge_split(dataset, judged.predictions, split, options.seed);

    LatencyModel model = build_latency_model(dataset, fitted_rows(dataset),
                                             judged.predictions.at("physics"), options.seed);
    if (!model.bounds.calibrated)
        spdlog::warn("{} records are too few for upper bounds (P95 takes {}): none are shown",
                     model.provenance.records, fewest_for_p95);
    // What cannot be read back never replaces an earlier estimator.
    parse_latency_model(to_json(model), "the fitted estimator");
    // An earlier training's checkpoint must not stand beside this one's model.
    fs::remove(flags.output_dir / checkpoint_file);
    if (flags.model != "physics") train_networks(dataset, flags, interruption, model);
    write_file(flags.output_dir / latency_model_file, to_json(model));
    write_out_of_fold(flags.output_dir / out_of_fold_file, dataset, split, judged.predictions);

    print_evaluation(judged.report);
    const std::string json = to_json(judged.report);
    write_file(flags.output_dir / "metrics.json", json);
    if (!flags.json.empty()) write_file(flags.json, json);
    if (!flags.no_plots) {
        write_report({flags.output_dir / "report.html", flags.output_dir / "plots"},
                     "Latency estimator", dataset, judged,
                     report_extras(dataset, judged, options.seed));
    }
    print_files(flags);
}

}  // namespace

void add_train_command(CLI::App& app) {
    const auto flags = std::make_shared<TrainFlags>();
    CLI::App* command = app.add_subcommand(
        "train", "Fit the latency estimator to records, and judge it on rows it has not seen");
    add_record_options(*command, flags->records);
    command
        ->add_option("--output_dir", flags->output_dir,
                     "Where the estimator and its report are written")
        ->capture_default_str();
    command
        ->add_option("--model", flags->model,
                     "positioned: all four models; physics: without the networks, in a second")
        ->check(CLI::IsMember({"positioned", "physics"}))
        ->capture_default_str();
    add_judging_options(*command, flags->judging);
    command->add_option("--json,--output_file", flags->json, "The metrics once more, in this file");
    command->add_flag("--no_plots", flags->no_plots, "Without pictures and report page");
    command->footer(
        "Examples:\n"
        "  decodemeter train --results_dir results/demo/records --output_dir "
        "results/demo/estimator\n"
        "  decodemeter train --results_dir results/h100 --model physics --output_dir h100\n");
    command->callback([flags] { train(*flags); });
}

}  // namespace decodemeter
