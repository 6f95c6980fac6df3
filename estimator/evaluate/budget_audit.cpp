#include "estimator/evaluate/budget_audit.hpp"

#include <array>

#include "estimator/evaluate/budget.hpp"
#include "estimator/evaluate/predictions.hpp"
#include "estimator/fit/constant_table.hpp"
#include "estimator/fit/output_lengths.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::array<double, 5> budget_quantiles = {0.1, 0.3, 0.5, 0.7, 0.9};

Task task_of(const Dataset& dataset, int index) {
    return dataset_task(dataset.datasets[static_cast<std::size_t>(index)]);
}

LatencyModel model_without(const Dataset& dataset, const Fold& fold, std::uint64_t seed) {
    const PhysicsModel fitted = fit_physics_model(dataset, fold.train, seed);
    LatencyModel model;
    model.physics = fitted;
    model.bounds = fit_bounds(ratio_samples(dataset, predict_rows(dataset, fold.train, fitted)));
    model.lengths = learn_output_lengths(dataset, fold.train);
    model.table = fit_cost_table(dataset, fold.test);
    return model;
}

// A typical request of each configuration and data set among `rows`.
std::map<int, Request> typical_requests(const Dataset& dataset, const std::vector<int>& rows,
                                        int name) {
    std::map<int, Request> requests;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        if (row.dataset == name && !row.outlier) requests.emplace(row.config, row.request);
    }
    return requests;
}

struct UseSums {
    BudgetUse use;
    double shares = 0;
    double overruns = 0;
};

void add_requests(const Dataset& dataset, const Fold& fold, int name, int config, double budget_ms,
                  UseSums& sums) {
    for (const int index : fold.test) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        if (row.config != config || row.dataset != name) continue;
        const double total = row.prefill_ms + row.decode_ms;
        ++sums.use.requests;
        sums.shares += total / budget_ms;
        sums.overruns += total > budget_ms;
    }
}

void ask(const Dataset& dataset, const Fold& fold, const LatencyModel& model, int name,
         double budget_ms, UseSums& sums) {
    const LengthForecast forecast = forecast_lengths(model, task_of(dataset, name));
    int chosen = -1;
    double largest = 0;
    for (const auto& [config, request] : typical_requests(dataset, fold.test, name)) {
        const BudgetAnswer answer = ask_budget(model, {request, budget_ms}, forecast);
        if (!answer.feasible || answer.total_ms <= largest) continue;
        chosen = config;
        largest = answer.total_ms;
    }
    ++sums.use.questions;
    if (chosen < 0) ++sums.use.unanswered;
    else add_requests(dataset, fold, name, chosen, budget_ms, sums);
}

std::vector<double> budgets_of(const Dataset& dataset, int name) {
    std::vector<double> totals;
    std::vector<double> budgets;
    for (const Row& row : dataset.rows) {
        if (row.dataset == name && !row.outlier) totals.push_back(row.prefill_ms + row.decode_ms);
    }
    if (totals.empty()) return budgets;
    for (const double level : budget_quantiles) budgets.push_back(quantile(totals, level));
    return budgets;
}

}  // namespace

std::map<std::string, BudgetUse> audit_budgets(const Dataset& dataset,
                                               const std::vector<Fold>& folds, std::uint64_t seed) {
    std::map<std::string, UseSums> sums;
    for (const Fold& fold : folds) {
        const LatencyModel model = model_without(dataset, fold, seed);
        for (int name = 0; name < static_cast<int>(dataset.datasets.size()); ++name) {
            for (const double budget_ms : budgets_of(dataset, name))
                ask(dataset, fold, model, name, budget_ms,
                    sums[std::string(to_string(task_of(dataset, name)))]);
        }
    }
    std::map<std::string, BudgetUse> result;
    for (auto& [task, sum] : sums) {
        if (sum.use.requests > 0) {
            sum.use.mean_share_used = sum.shares / static_cast<double>(sum.use.requests);
            sum.use.share_overran = sum.overruns / static_cast<double>(sum.use.requests);
        }
        result[task] = sum.use;
    }
    return result;
}

TaskConfusion keyword_confusion(const Dataset& dataset) {
    TaskConfusion confusion;
    for (const Row& row : dataset.rows) {
        if (row.prompt_task)
            ++confusion[std::string(to_string(task_of(dataset, row.dataset)))]
                       [std::string(to_string(*row.prompt_task))];
    }
    return confusion;
}

}  // namespace decodemeter
