// What following the budget check would have led to on the records.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "estimator/data/dataset.hpp"
#include "estimator/data/splits.hpp"

namespace decodemeter {

// Of the requests of the configurations chosen under budgets, by task.
struct BudgetUse {
    std::int64_t questions = 0;   // budgets asked
    std::int64_t unanswered = 0;  // budgets that no configuration fits
    std::int64_t requests = 0;    // measured requests of the chosen configurations
    // Measured prefill + decode over the budget, and the share above it; NaN where nothing was
    // served.
    double mean_share_used = std::numeric_limits<double>::quiet_NaN();
    double share_overran = std::numeric_limits<double>::quiet_NaN();
};

// For each fold, data set and a few budgets: the configuration that the fold's model (which has not
// seen it) chooses, and what its measured requests took of the budget. Budgets are quantiles of the
// task's measured totals.
std::map<std::string, BudgetUse> audit_budgets(const Dataset& dataset,
                                               const std::vector<Fold>& folds, std::uint64_t seed);

// confusion[task of the data set][task by keywords of the prompt] = records. Empty when no record
// has its prompt.
using TaskConfusion = std::map<std::string, std::map<std::string, std::int64_t>>;
TaskConfusion keyword_confusion(const Dataset& dataset);

}  // namespace decodemeter
