// The reference distributions that the tests and intervals need. A leaf: includes nothing of ours.
#pragma once

#include <cstdint>

namespace decodemeter {

// P(Z <= z) of the standard normal distribution.
double normal_cdf(double z);

// P(X <= k) of X ~ Binomial(n, 1/2); 0 for k < 0.
double fair_coin_cdf(std::int64_t k, std::int64_t n);

// Two-sided p-value of a statistic that is standard normal when nothing is going on.
double two_sided_p(double z);

// P(|T| >= |t|) of Student's t distribution with `degrees` > 0 degrees of freedom, to 1e-10
// relative; 0 for an infinite t.
double student_t_two_sided_p(double t, double degrees);

// The t > 0 with P(|T| < t) = `confidence`, 0 < confidence < 1: an interval's factor on the
// standard error.
double student_t_factor(double confidence, double degrees);

}  // namespace decodemeter
