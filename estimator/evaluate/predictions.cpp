#include "estimator/evaluate/predictions.hpp"

#include <atomic>
#include <exception>
#include <thread>

#include "estimator/fit/constant_table.hpp"

namespace decodemeter {

namespace {

// Asks `times(row)` for prefill, decode and for each token, and `step(row, s)` for each step.
template <class Times, class Step>
Predictions predict_each(const Dataset& dataset, std::span<const int> rows, const Times& times,
                         const Step& step) {
    Predictions predictions;
    predictions.rows.assign(rows.begin(), rows.end());
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        const auto [prefill, decode, per_token] = times(row);
        predictions.prefill_ms.push_back(prefill);
        predictions.decode_ms.push_back(decode);
        predictions.per_token_ms.push_back(per_token);
        predictions.first_step.push_back(predictions.steps_ms.size());
        for (int s = 1; s <= row.steps(); ++s) predictions.steps_ms.push_back(step(row, s));
    }
    return predictions;
}

struct RowTimes {
    double prefill;
    double decode;
    double per_token;
};

}  // namespace

void Predictions::append(const Predictions& other) {
    const std::size_t offset = steps_ms.size();
    rows.insert(rows.end(), other.rows.begin(), other.rows.end());
    prefill_ms.insert(prefill_ms.end(), other.prefill_ms.begin(), other.prefill_ms.end());
    decode_ms.insert(decode_ms.end(), other.decode_ms.begin(), other.decode_ms.end());
    per_token_ms.insert(per_token_ms.end(), other.per_token_ms.begin(), other.per_token_ms.end());
    for (const std::size_t first : other.first_step) first_step.push_back(offset + first);
    steps_ms.insert(steps_ms.end(), other.steps_ms.begin(), other.steps_ms.end());
}

std::span<const double> Predictions::steps(const Dataset& dataset,
                                           std::size_t entry) const noexcept {
    const Row& row = dataset.rows[static_cast<std::size_t>(rows[entry])];
    return std::span(steps_ms).subspan(first_step[entry], static_cast<std::size_t>(row.steps()));
}

Predictions predict_rows(const Dataset& dataset, std::span<const int> rows,
                         const PhysicsModel& model) {
    CurveValues curves;  // of the row that `times` was called with last
    const auto times = [&](const Row& row) {
        curves = curves_of(model, row.request);
        const double decode = decode_ms(curves, row.request, row.output_tokens);
        return RowTimes{prefill_ms(curves, row.request), decode, decode / row.output_tokens};
    };
    const auto step = [&](const Row& row, int s) {
        return s == row.steps() ? last_step_ms(curves, row.request, s)
                                : step_ms(curves, row.request, s);
    };
    return predict_each(dataset, rows, times, step);
}

Predictions predict_rows(const Dataset& dataset, std::span<const int> rows,
                         const CostTable& table) {
    const auto times = [&](const Row& row) {
        const ConfigurationCost cost = *table.nearest(row.request);
        const double decode = cost.step_ms * row.steps();
        return RowTimes{cost.prefill_ms, decode, decode / row.output_tokens};
    };
    return predict_each(dataset, rows, times,
                        [&](const Row& row, int) { return table.nearest(row.request)->step_ms; });
}

Predictions predict_rows(const Dataset& dataset, std::span<const int> rows,
                         const AverageModel& model) {
    const auto times = [&](const Row& row) {
        const AverageTimes average = average_times(model, row.request);
        return RowTimes{average.prefill_ms, average.per_token_ms * row.output_tokens,
                        average.per_token_ms};
    };
    // The old model knows one time for each of N tokens.
    Predictions predictions =
        predict_each(dataset, rows, times, [](const Row&, int) { return 0.0; });
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const int steps = dataset.rows[static_cast<std::size_t>(rows[i])].steps();
        for (int s = 0; s < steps; ++s)
            predictions.steps_ms[predictions.first_step[i] + static_cast<std::size_t>(s)] =
                predictions.per_token_ms[i];
    }
    return predictions;
}

FoldModel physics_fold_model(std::uint64_t seed) {
    return [seed](const Dataset& dataset, const Fold& fold) {
        return predict_rows(dataset, fold.test, fit_physics_model(dataset, fold.train, seed));
    };
}

FoldModel table_fold_model() {
    return [](const Dataset& dataset, const Fold& fold) {
        return predict_rows(dataset, fold.test, fit_cost_table(dataset, fold.train));
    };
}

Predictions run_folds(const Dataset& dataset, std::span<const Fold> folds, const FoldModel& model) {
    std::vector<Predictions> results(folds.size());
    std::vector<std::exception_ptr> failures(folds.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < folds.size(); i = next++) {
            try {
                results[i] = model(dataset, folds[i]);
            } catch (...) {
                failures[i] = std::current_exception();
            }
        }
    };
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    {
        std::vector<std::jthread> workers;
        for (std::size_t i = 1; i < std::min(cores, folds.size()); ++i) workers.emplace_back(work);
        work();
    }
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
    Predictions predictions;
    for (const Predictions& result : results) predictions.append(result);
    return predictions;
}

std::vector<RatioSample> ratio_samples(const Dataset& dataset, const Predictions& predictions) {
    std::vector<RatioSample> samples;
    for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
        const Row& row = dataset.rows[static_cast<std::size_t>(predictions.rows[i])];
        if (row.outlier) continue;
        RatioSample sample{
            predictions.rows[i], row.config, row.dataset, row.output_tokens, 0, 0, 0};
        const double prefill = predictions.prefill_ms[i];
        const double decode = predictions.decode_ms[i];
        if (prefill > 0) sample.prefill = row.prefill_ms / prefill;
        if (row.steps() > 0 && row.decode_ms > 0 && decode > 0) {
            sample.decode = row.decode_ms / decode;
            sample.total = (row.prefill_ms + row.decode_ms) / (prefill + decode);
        }
        samples.push_back(sample);
    }
    return samples;
}

}  // namespace decodemeter
