#include "tests/estimator/evaluate/budget_overruns.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include "estimator/evaluate/budget.hpp"
#include "estimator/evaluate/evaluation.hpp"
#include "estimator/evaluate/model_building.hpp"
#include "profiler/statistics/summary.hpp"
#include "tests/estimator/simulate/simulated_dataset.hpp"

namespace decodemeter::test {

namespace {

constexpr int quantiles_of_set = 19;  // 0.05 to 0.95
constexpr double prefill_share = 0.8;

struct Run {
    RecordSet trained;
    Dataset fresh;
};

Run make_run(const SimulatedTruth& truth, std::int64_t fresh, std::uint64_t seed) {
    SimulationParameters parameters;
    apply_truth(parameters, truth);
    const auto requests = static_cast<std::size_t>(parameters.requests);
    parameters.seed = seed;
    parameters.requests += fresh;
    RecordSet all = record_set(simulate(parameters));
    std::shuffle(all.records.begin(), all.records.end(), std::mt19937_64(seed));
    Run run;
    run.trained.run = all.run;
    const auto middle = all.records.begin() + static_cast<std::ptrdiff_t>(requests);
    run.trained.records.assign(all.records.begin(), middle);
    all.records.erase(all.records.begin(), middle);
    run.fresh = make_dataset(all);
    return run;
}

LatencyModel trained_model(const RecordSet& records, std::uint64_t seed) {
    const Dataset dataset = make_dataset(records);
    const Split split =
        dataset.configs.size() < 2 ? Split::by_sample : Split::leave_configuration_out;
    const Predictions held_out =
        run_folds(dataset, make_folds(dataset, split, 5, seed), physics_fold_model(seed));
    return build_latency_model(dataset, training_rows(dataset), held_out, seed);
}

double total_ms(const Row& row) { return row.prefill_ms + row.decode_ms; }

std::vector<const Row*> rows_of(const Dataset& dataset, int name) {
    std::vector<const Row*> rows;
    for (const Row& row : dataset.rows)
        if (row.dataset == name) rows.push_back(&row);
    return rows;
}

void serve(std::span<const Row* const> rows, const Request& chosen, double budget_ms,
           BudgetOverruns& result) {
    for (const Row* row : rows) {
        const Request& request = row->request;
        if (request.tier != chosen.tier || request.top_k != chosen.top_k ||
            request.active_blocks != chosen.active_blocks)
            continue;
        ++result.served;
        result.overran += total_ms(*row) > budget_ms;
    }
}

// Quantiles of what requests of the set take, and of each configuration the tightest budget that
// its P95 keeps.
std::vector<double> budgets_of(const LatencyModel& model, std::span<const Request> grid,
                               const LengthForecast& forecast, std::span<const Row* const> rows) {
    std::vector<double> totals;
    std::vector<double> budgets;
    for (const Row* row : rows) totals.push_back(total_ms(*row));
    for (int i = 1; i <= quantiles_of_set; ++i)
        budgets.push_back(quantile(totals, static_cast<double>(i) / (quantiles_of_set + 1)));
    constexpr double any_budget_ms = 1e9;
    for (const Request& request : grid) {
        const BudgetAnswer answer = ask_budget(model, {request, any_budget_ms}, forecast);
        budgets.push_back(std::max(answer.total_p95_ms, answer.prefill_p95_ms / prefill_share) *
                          (1 + 1e-9));
    }
    return budgets;
}

BudgetOverruns overruns_of(const LatencyModel& model, const std::string& name,
                           std::span<const Row* const> rows) {
    std::vector<double> text;
    for (const Row* row : rows) text.push_back(row->request.text_tokens);
    const LengthForecast forecast = forecast_lengths(model, dataset_task(name));
    const std::vector<Request> grid = measured_grid(model, static_cast<int>(median(text)));
    BudgetOverruns result;
    for (const double budget_ms : budgets_of(model, grid, forecast, rows)) {
        const auto choices = best_choices(model, grid, {{}, budget_ms, prefill_share}, forecast);
        ++result.questions;
        if (choices.empty()) ++result.unanswered;
        else if (!choices.front().answer.bounds_calibrated) ++result.not_promised;
        else serve(rows, choices.front().request, budget_ms, result);
    }
    return result;
}

}  // namespace

std::map<std::string, BudgetOverruns> budget_overruns(const SimulatedTruth& truth,
                                                      std::int64_t fresh, std::uint64_t seed) {
    const Run run = make_run(truth, fresh, seed);
    const LatencyModel model = trained_model(run.trained, seed);
    std::map<std::string, BudgetOverruns> result;
    for (int name = 0; name < static_cast<int>(run.fresh.datasets.size()); ++name) {
        const std::string& dataset = run.fresh.datasets[static_cast<std::size_t>(name)];
        result[dataset] = overruns_of(model, dataset, rows_of(run.fresh, name));
    }
    return result;
}

}  // namespace decodemeter::test
