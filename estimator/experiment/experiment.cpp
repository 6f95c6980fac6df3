#include "estimator/experiment/experiment.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <mutex>

#include "profiler/report/progress.hpp"
#include "profiler/system/invalid_argument.hpp"

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

Predictions train_in_folds(const Dataset& dataset, std::span<const Fold> folds, ModelKind kind,
                           TrainingOptions options, const Interruption& interruption) {
    SharedProgress progress(fmt::format("{} in {} folds", to_string(kind), folds.size()),
                            static_cast<std::int64_t>(folds.size()) * options.num_epochs,
                            interruption);
    const EpochCallback tick = [&](const EpochReport& epoch) { return progress.tick(epoch); };
    options.published = kind == ModelKind::positioned_published;
    return run_folds(dataset, folds,
                     kind == ModelKind::average ? average_fold_model(options, tick)
                                                : positioned_fold_model(options, tick));
}

std::vector<ModelKind> models_of(const EstimatorFiles& files, const ExperimentOptions& options) {
    std::vector<ModelKind> models = all_models(options.accounting == "published");
    // Trained without the networks: tested without them.
    if (!files.checkpoint && options.accounting.empty()) {
        std::erase(models, ModelKind::positioned);
        std::erase(models, ModelKind::average);
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

ExperimentResult evaluate_as_it_stands(const Dataset& dataset, const EstimatorFiles& files,
                                       const LatencyModel& model, const std::vector<int>& rows,
                                       std::uint64_t seed) {
    ExperimentResult result;
    result.predictions[ModelKind::physics] = predict_rows(dataset, rows, model.physics);
    result.predictions[ModelKind::constant_per_config] = predict_rows(dataset, rows, model.table);
    if (!model.average.network.empty())
        result.predictions[ModelKind::average] = average_of(dataset, rows, model);
    if (const auto network = load_network(files, model))
        result.predictions[network->kind()] = network->predict_rows(dataset, rows);
    result.report = start_report(
        dataset, "unseen_records",
        fmt::format("the estimator as it stands, on {} records that it did not come from",
                    rows.size()),
        seed);
    for (const auto& [kind, values] : result.predictions)
        result.report.models[std::string(to_string(kind))] = evaluate_model(dataset, values);
    result.report.models["physics"].coverage = coverage_under(
        dataset, ratio_samples(dataset, result.predictions[ModelKind::physics]), model.bounds);
    return result;
}

}  // namespace

std::vector<ModelKind> all_models(bool published_too) {
    std::vector<ModelKind> models = {ModelKind::average, ModelKind::constant_per_config,
                                     ModelKind::positioned, ModelKind::physics};
    if (published_too) models.push_back(ModelKind::positioned_published);
    return models;
}

Split chosen_split(const Dataset& dataset, const std::string& name) {
    if (name.empty() && dataset.configs.size() < 2) {
        spdlog::warn(
            "the records are of one configuration only: split by sample, and right for it alone");
        return Split::by_sample;
    }
    if (name.empty()) return Split::leave_configuration_out;
    const auto split = parse_split(name == "leave_dataset_out" ? "leave_data_set_out" : name);
    if (!split) throw InvalidArgument("split", " " + name + ": is no split");
    return *split;
}

PredictionsByModel predict_folds(const Dataset& dataset, std::span<const Fold> folds,
                                 std::span<const ModelKind> models, const TrainingOptions& options,
                                 const Interruption& interruption) {
    PredictionsByModel predictions;
    for (const ModelKind kind : models) {
        if (kind == ModelKind::physics)
            predictions[kind] = run_folds(dataset, folds, physics_fold_model(options.seed));
        else if (kind == ModelKind::constant_per_config)
            predictions[kind] = run_folds(dataset, folds, table_fold_model());
        else predictions[kind] = train_in_folds(dataset, folds, kind, options, interruption);
    }
    return predictions;
}

EvaluationReport evaluate_split(const Dataset& dataset, const PredictionsByModel& predictions,
                                Split split, std::uint64_t seed) {
    EvaluationReport report =
        start_report(dataset, std::string(to_string(split)), std::string(description(split)), seed);
    for (const auto& [kind, values] : predictions) {
        ModelReport& model = report.models[std::string(to_string(kind))] =
            evaluate_model(dataset, values);
        if (kind == ModelKind::physics && split == Split::leave_configuration_out)
            model.coverage = coverage_of(dataset, values, seed);
    }
    return report;
}

ExperimentResult evaluate_records(const Dataset& dataset, const EstimatorFiles& files,
                                  const ExperimentOptions& options) {
    const LatencyModel model = read_latency_model(files.json);
    warn_of_other_source(model.provenance, dataset);
    const std::vector<int> unseen = unseen_rows(dataset, model);
    if (options.split.empty() && !unseen.empty())
        return evaluate_as_it_stands(dataset, files, model, unseen, options.training.seed);
    const Interruption interruption;
    const Split split = chosen_split(dataset, options.split);
    ExperimentResult result;
    result.folds = make_folds(dataset, split, options.folds, options.training.seed);
    // Training kept what its networks said of rows that were left out.
    PredictionsByModel kept;
    if (!options.refit)
        kept = read_out_of_fold(files.json.parent_path() / out_of_fold_file, dataset, split);
    std::vector<ModelKind> missing;
    for (const ModelKind kind : models_of(files, options)) {
        if (kept.contains(kind)) result.predictions[kind] = std::move(kept[kind]);
        else missing.push_back(kind);
    }
    result.predictions.merge(
        predict_folds(dataset, result.folds, missing, options.training, interruption));
    result.report = evaluate_split(dataset, result.predictions, split, options.training.seed);
    return result;
}

}  // namespace decodemeter
