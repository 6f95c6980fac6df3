// By what was a set's decode time divided to give its per-token figure?
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "profiler/audit/per_token_fit.hpp"

namespace decodemeter {

// Note [Divisor]
// N returned tokens are N-1 decode steps, because token 1 comes from prefill. A figure made as
// T/(N-1) is flat in N where steps cost the same; T/N rises from c/2 at N = 2 towards c and looks
// like a real effect of length; T/(N+1) rises from c/3; with a prefill P > c counted in, (P + c
// (N-1))/N falls towards c. A cost that truly grows with position rises without levelling off. The
// shapes differ most at small N.
enum class DivisorVerdict { n_minus_1, n, n_plus_1, prefill_included, slope, undecided };
std::string_view to_string(
    DivisorVerdict verdict) noexcept;  // "N-1", "N", "N+1", "prefill_included", ...

struct DivisorDiagnosis {
    DivisorVerdict verdict = DivisorVerdict::undecided;
    double step_ms = 0;  // c: mean over the requests of figure / shape; NaN where nothing is known
    double slope_percent_per_token =
        0;                     // growth of a step's cost per token, in percent of the first step
    double slope_error = 0;    // its standard error
    double prefill_ms = 0;     // what was counted in, where the verdict says so
    double noise_percent = 0;  // residual standard deviation
    double r_squared = 0;      // of the figures in ms about their group's mean
    std::size_t samples = 0;   // requests that were fitted
    std::size_t outliers = 0;  // left out: over 6 robust standard deviations from every shape
    std::string reason;        // in words
};

// The rules, in the order in which they are asked:
// - a model is out of the question when another one's squared error is lower by a factor that 6
// units of twice
//   the log-likelihood (after Schwarz's penalty for its parameters) stand for; two verdicts left:
//   undecided;
// - a slope is claimed from 0.25 % per token and 3.7 standard errors on, and denied below 0.25 % or
// within one
//   standard error; a zone of 0.7 standard errors on either side of 0.25 % is undecided;
// - a counted-in prefill of P steps is claimed for P >= 1.25 likewise (P = 1 gives the shape of
// N-1); for P
//   between 0.2 and 0.8, which no prefill of a prompt comes to, only when nothing else fits.
DivisorDiagnosis diagnose_divisor(std::span<const PerTokenFigure> figures);

}  // namespace decodemeter
