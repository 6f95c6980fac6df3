#include "estimator/commands/judging.hpp"

#include <fmt/format.h>

#include <mutex>

#include "profiler/report/progress.hpp"

namespace decodemeter {

namespace {

// One bar for all epochs of all folds, which report from several threads.
class SharedProgress {
public:
    SharedProgress(const std::string& label, std::int64_t total, const InterruptWatch& watch)
        : progress_(label, total), watch_(watch) {}

    bool tick(const EpochReport& epoch) {
        const std::lock_guard lock(mutex_);
        progress_.update(++done_, fmt::format("validation: prefill {:.2f} %, decode {:.2f} %", epoch.prefill_relative_percent,
                                              epoch.decode_relative_percent));
        return !watch_.interrupted();
    }

private:
    std::mutex mutex_;
    Progress progress_;
    const InterruptWatch& watch_;
    std::int64_t done_ = 0;
};

}  // namespace

NamedPredictions predict_folds(const Dataset& dataset, std::span<const Fold> folds,
                               const std::vector<std::string>& models, const TrainingOptions& options,
                               const InterruptWatch& watch) {
    NamedPredictions predictions;
    for (const std::string& name : models) {
        if (name == "physics") predictions[name] = run_folds(dataset, folds, physics_fold_model(options.seed));
        else if (name == "constant_per_config") predictions[name] = run_folds(dataset, folds, table_fold_model());
        else {
            SharedProgress progress(name, static_cast<std::int64_t>(folds.size()) * options.num_epochs, watch);
            const EpochCallback tick = [&](const EpochReport& epoch) { return progress.tick(epoch); };
            predictions[name] = run_folds(dataset, folds, name == "average" ? average_fold_model(options, tick)
                                                                            : positioned_fold_model(options, tick));
        }
    }
    return predictions;
}

EvaluationReport judge(const Dataset& dataset, const NamedPredictions& predictions, std::string split,
                       std::string split_description, std::uint64_t seed, bool with_coverage) {
    EvaluationReport report = start_report(dataset, std::move(split), std::move(split_description), seed);
    for (const auto& [name, values] : predictions) {
        ModelReport& model = report.models[name] = judge_model(dataset, values);
        if (name == "physics" && with_coverage) model.coverage = coverage_of(dataset, values, seed);
    }
    return report;
}

}  // namespace decodemeter
