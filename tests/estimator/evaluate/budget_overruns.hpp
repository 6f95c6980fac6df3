// What happens to requests that are served under the configuration `budget --best` puts first.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "estimator/simulate/simulated_truths.hpp"

namespace decodemeter::test {

struct BudgetOverruns {
    std::int64_t questions = 0;     // budgets asked
    std::int64_t unanswered = 0;    // budgets that no configuration keeps
    std::int64_t not_promised = 0;  // budgets whose best choice has no calibrated bound
    std::int64_t served = 0;        // requests under the chosen configurations
    std::int64_t overran = 0;       // of those, the ones that took longer than their budget
};

// By data set. An estimator is trained on as many requests as the truth has, drawn at random from a
// run that is longer by `fresh` requests; those judge what it chooses for 19 usual budgets and for
// the tightest budget that each configuration keeps.
std::map<std::string, BudgetOverruns> budget_overruns(const SimulatedTruth& truth,
                                                      std::int64_t fresh, std::uint64_t seed);

}  // namespace decodemeter::test
