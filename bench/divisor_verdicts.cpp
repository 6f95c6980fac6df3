// Is the divisor of a set recognized? 1,000 synthetic sets of each kind, 200 to 1,000 requests
// each, N from 2 to 64 in four shapes, request noise up to 3 %. Prints one JSON line for each kind,
// and one for the published table.
#include <cstdio>

#include "tests/audit/synthetic_sets.hpp"

using namespace decodemeter;
using namespace decodemeter::test;

namespace {

void report(const char* kind, const Outcome& outcome) {
    std::printf("{\"kind\":\"%s\",\"sets\":%d,\"right\":%d,\"wrong\":%d,\"undecided\":%d}\n", kind,
                outcome.right + outcome.wrong + outcome.undecided, outcome.right, outcome.wrong,
                outcome.undecided);
}

}  // namespace

int main() {
    report("N-1", diagnose_sets(DivisorVerdict::n_minus_1, 1, 1, n_minus_1));
    report("N", diagnose_sets(DivisorVerdict::n, 1, 1, n));
    report("N+1", diagnose_sets(DivisorVerdict::n_plus_1, 1, 1, n_plus_1));
    report("constant part of 1.5 to 30 steps",
           diagnose_sets(DivisorVerdict::constant_part, 1.5, 30, prefill_included));
    report("slope of 0.5 to 10 % per token, divided by N-1",
           diagnose_sets(DivisorVerdict::n_minus_1, 0.005, 0.1, slope));
    report("slope of 0.5 to 10 % per token, divided by N",
           diagnose_sets(DivisorVerdict::n, 0.005, 0.1, slope_over_n));
    const std::vector<PerTokenFigure> table = {{0, 2, 24.62, 0},
                                               {0, 4, 34.42, 0},
                                               {0, 8, 41.09, 0},
                                               {0, 15.5, 41.47, 0},
                                               {0, 25, 45.17, 0}};
    const DivisorDiagnosis published = diagnose_divisor(table);
    std::printf(
        "{\"kind\":\"published table\",\"verdict\":\"%s\",\"step_ms\":%.3f,\"r_squared\":%.4f}\n",
        std::string(to_string(published.verdict)).c_str(), published.step_ms, published.r_squared);
}
