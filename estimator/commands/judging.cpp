#include "estimator/commands/judging.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <mutex>

#include "profiler/report/progress.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

// One bar for all epochs of all folds, which report from several threads.
class SharedProgress {
public:
    SharedProgress(const std::string& label, std::int64_t total, const Interruption& interruption)
        : progress_(label, total), interruption_(interruption) {}

    bool tick(const EpochReport& epoch) {
        const std::lock_guard lock(mutex_);
        progress_.update(
            ++done_, fmt::format("validation: prefill {:.2f} %, decode {:.2f} %",
                                 epoch.prefill_relative_percent, epoch.decode_relative_percent));
        return !interruption_.requested();
    }

private:
    std::mutex mutex_;
    Progress progress_;
    const Interruption& interruption_;
    std::int64_t done_ = 0;
};

Predictions train_in_folds(const Dataset& dataset, std::span<const Fold> folds,
                           const std::string& name, TrainingOptions options,
                           const Interruption& interruption) {
    SharedProgress progress(fmt::format("{} in {} folds", name, folds.size()),
                            static_cast<std::int64_t>(folds.size()) * options.num_epochs,
                            interruption);
    const EpochCallback tick = [&](const EpochReport& epoch) { return progress.tick(epoch); };
    options.published = name == "positioned_published";
    return run_folds(dataset, folds,
                     name == "average" ? average_fold_model(options, tick)
                                       : positioned_fold_model(options, tick));
}

std::vector<std::string> models_of(const EstimatorFiles& files, const JudgingOptions& options) {
    std::vector<std::string> models = all_models(options.accounting == "published");
    // Trained without the networks: judged without them.
    if (!files.checkpoint && options.accounting.empty()) {
        std::erase(models, "positioned");
        std::erase(models, "average");
    }
    return models;
}

Predictions average_of(const Dataset& dataset, std::span<const int> rows,
                       const LatencyModel& model) {
    return predict_rows(dataset, rows, model.average);
}

void warn_of_other_source(const Provenance& from, const Dataset& dataset) {
    const auto warn = [](const char* what, const std::string& theirs, const std::string& ours) {
        if (theirs != ours)
            spdlog::warn(
                "the estimator is for {} {}, the records are of {}: its errors include "
                "that difference",
                what, theirs, ours);
    };
    if (dataset.device != "unknown") warn("device", from.device, dataset.device);
    if (!dataset.model.empty()) warn("model", from.model, dataset.model);
}

JudgedRecords judge_as_it_stands(const Dataset& dataset, const EstimatorFiles& files,
                                 const LatencyModel& model, const std::vector<int>& rows,
                                 std::uint64_t seed) {
    JudgedRecords judged;
    judged.predictions["physics"] = predict_rows(dataset, rows, model.physics);
    judged.predictions["constant_per_config"] = predict_rows(dataset, rows, model.table);
    if (!model.average.network.empty())
        judged.predictions["average"] = average_of(dataset, rows, model);
    if (const auto network = load_network(files, model)) {
        judged.predictions[network->published() ? "positioned_published" : "positioned"] =
            network->predict_rows(dataset, rows);
    }
    judged.report = start_report(
        dataset, "unseen_records",
        fmt::format("the estimator as it stands, on {} records that it did not come from",
                    rows.size()),
        seed);
    for (const auto& [name, values] : judged.predictions)
        judged.report.models[name] = judge_model(dataset, values);
    judged.report.models["physics"].coverage = coverage_under(
        dataset, ratio_samples(dataset, judged.predictions["physics"]), model.bounds);
    return judged;
}

}  // namespace

std::vector<std::string> all_models(bool published_too) {
    std::vector<std::string> models = {"average", "constant_per_config", "positioned", "physics"};
    if (published_too) models.push_back("positioned_published");
    return models;
}

void add_judging_options(CLI::App& command, JudgingOptions& options) {
    command
        .add_option("--split", options.split,
                    "What the judged rows have in common that was not fitted: "
                    "leave_configuration_out (the default), "
                    "leave_level_out, leave_data_set_out, or by_sample, which is optimistic")
        ->check(CLI::IsMember({"leave_configuration_out", "leave_level_out", "leave_data_set_out",
                               "leave_dataset_out", "by_sample"}));
    command
        .add_option("--folds", options.folds, "Parts that configurations or samples are cut into")
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
        "Train the networks in every fold anew, also where `train` kept what they said");
    add_training_options(command, options.training);
}

Split chosen_split(const Dataset& dataset, const std::string& name) {
    if (name.empty() && dataset.configs.size() < 2) {
        spdlog::warn(
            "the records are of one configuration only: judged by sample, and right for it alone");
        return Split::by_sample;
    }
    if (name.empty()) return Split::leave_configuration_out;
    const auto split = parse_split(name == "leave_dataset_out" ? "leave_data_set_out" : name);
    if (!split) throw InputError("--split " + name + ": is no split (see --help)");
    return *split;
}

NamedPredictions predict_folds(const Dataset& dataset, std::span<const Fold> folds,
                               const std::vector<std::string>& models,
                               const TrainingOptions& options, const Interruption& interruption) {
    NamedPredictions predictions;
    for (const std::string& name : models) {
        if (name == "physics")
            predictions[name] = run_folds(dataset, folds, physics_fold_model(options.seed));
        else if (name == "constant_per_config")
            predictions[name] = run_folds(dataset, folds, table_fold_model());
        else predictions[name] = train_in_folds(dataset, folds, name, options, interruption);
    }
    return predictions;
}

EvaluationReport judge_split(const Dataset& dataset, const NamedPredictions& predictions,
                             Split split, std::uint64_t seed) {
    EvaluationReport report =
        start_report(dataset, std::string(to_string(split)), std::string(description(split)), seed);
    for (const auto& [name, values] : predictions) {
        ModelReport& model = report.models[name] = judge_model(dataset, values);
        if (name == "physics" && split == Split::leave_configuration_out)
            model.coverage = coverage_of(dataset, values, seed);
    }
    return report;
}

JudgedRecords judge_records(const Dataset& dataset, const EstimatorFiles& files,
                            const JudgingOptions& options) {
    const LatencyModel model = read_latency_model(files.json);
    warn_of_other_source(model.provenance, dataset);
    const std::vector<int> unseen = unseen_rows(dataset, model);
    if (options.split.empty() && !unseen.empty())
        return judge_as_it_stands(dataset, files, model, unseen, options.training.seed);
    const Interruption interruption;
    const Split split = chosen_split(dataset, options.split);
    JudgedRecords judged;
    judged.folds = make_folds(dataset, split, options.folds, options.training.seed);
    // Training kept what its networks said of rows that were left out.
    NamedPredictions kept;
    if (!options.refit)
        kept = read_out_of_fold(files.json.parent_path() / out_of_fold_file, dataset, split);
    std::vector<std::string> missing;
    for (const std::string& name : models_of(files, options)) {
        if (kept.contains(name)) judged.predictions[name] = std::move(kept[name]);
        else missing.push_back(name);
    }
    judged.predictions.merge(
        predict_folds(dataset, judged.folds, missing, options.training, interruption));
    judged.report = judge_split(dataset, judged.predictions, split, options.training.seed);
    return judged;
}

}  // namespace decodemeter
