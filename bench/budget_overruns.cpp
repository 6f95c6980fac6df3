// How often do requests overrun the budget under the configuration that `budget --best` puts first?
// One JSON line for each truth and data set: build/bench/bench_budget_overruns SEEDS [FRESH
// TRUTH...]
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/estimator/evaluate/budget_overruns.hpp"

using namespace decodemeter;

namespace {

void report(const SimulatedTruth& truth, int seeds, long fresh) {
    std::map<std::string, test::BudgetOverruns> sums;
    for (int seed = 1; seed <= seeds; ++seed) {
        for (const auto& [name, one] :
             test::budget_overruns(truth, fresh, static_cast<std::uint64_t>(seed))) {
            test::BudgetOverruns& sum = sums[name];
            sum.questions += one.questions;
            sum.unanswered += one.unanswered;
            sum.not_promised += one.not_promised;
            sum.served += one.served;
            sum.overran += one.overran;
        }
    }
    for (const auto& [name, sum] : sums) {
        std::printf(
            "{\"truth\":\"%s\",\"dataset\":\"%s\",\"questions\":%ld,\"unanswered\":%ld,"
            "\"not_promised\":%ld,\"served\":%ld,\"overran\":%ld}\n",
            std::string(truth.name).c_str(), name.c_str(), static_cast<long>(sum.questions),
            static_cast<long>(sum.unanswered), static_cast<long>(sum.not_promised),
            static_cast<long>(sum.served), static_cast<long>(sum.overran));
    }
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const int seeds = argc > 1 ? std::atoi(argv[1]) : 5;
    const long fresh = argc > 2 ? std::atol(argv[2]) : 7200;
    for (const SimulatedTruth& truth : simulated_truths()) {
        bool asked = argc <= 3;
        for (int i = 3; i < argc; ++i) asked |= truth.name == argv[i];
        if (asked) report(truth, seeds, fresh);
    }
}
