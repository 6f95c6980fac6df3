// Is B faster than A? Two sets of times of the same thing. A leaf: includes nothing of ours but
// this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "profiler/statistics/median_interval.hpp"

namespace decodemeter {

// Exact two-sided p-value of the sign test: the chance that a fair coin is at least as uneven. Ties
// are left out by the caller.
double sign_test_p(std::int64_t negative, std::int64_t positive);

enum class Verdict { same, faster, slower, ambiguous };
std::string_view to_string(Verdict verdict) noexcept;  // "SAME", "FASTER", "SLOWER", "AMBIGUOUS"

struct Comparison {
    MedianInterval log_ratio;  // of log(B / A): negative is faster
    double p = 1;              // that there is no difference
    std::int64_t pairs = 0;    // pairs, or all values of the smaller side where they are not paired
    bool paired = true;
    Verdict verdict = Verdict::ambiguous;
};

// 100 (B / A - 1) for a log-ratio.
double percent_of_log_ratio(double log_ratio) noexcept;

// SAME where the interval lies inside +- `same_within` (0.01: one percent); FASTER or SLOWER where
// it excludes no difference; AMBIGUOUS where it does neither, or does not reach 90 % confidence.
Verdict verdict_of(const MedianInterval& log_ratio, double same_within) noexcept;

// The same samples under A and B, in the same order: median and sign-test interval of the
// log-ratios. Pairs with a time of 0 or less are left out.
Comparison compare_paired(std::span<const double> a, std::span<const double> b,
                          double same_within = 0.01);

// Different samples: Hodges and Lehmann's shift of the logarithms with the interval of the rank-sum
// test, which assumes that B's distribution is A's, scaled.
Comparison compare_unpaired(std::span<const double> a, std::span<const double> b,
                            double same_within = 0.01);

}  // namespace decodemeter
