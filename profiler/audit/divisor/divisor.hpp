// By what was a set's decode time divided to give its per-token figure?
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "profiler/audit/divisor/per_token_fit.hpp"

namespace decodemeter {

// Note [Divisor]
// N returned tokens are N-1 decode steps, because token 1 comes from prefill. A figure made as
// T/(N-1) is flat in N where steps cost the same; T/N rises from c/2 at N = 2 towards c and looks
// like a real effect of length; T/(N+1) rises from c/3; with a constant part P > c counted in,
// (P + c (N-1))/N falls towards c. A cost that truly grows with position rises without leveling
// off. The shapes differ most at small N.
enum class DivisorVerdict {
    n_minus_1,
    n,
    n_plus_1,
    content_tokens,    // returned tokens without the EOS
    constant_part,     // a first step, prefill's tail or overhead: totals cannot tell them apart
    prefill_included,  // a constant part that matches the records' own prefill
    undecided,
};
// "N-1", "N", "N+1", "content_tokens", "constant_part", "prefill_included", "undecided"
std::string_view to_string(DivisorVerdict verdict) noexcept;

// What the verdict rests on.
enum class DivisorSource {
    steps,   // each record holds its steps: arithmetic
    stored,  // T_LLM_decode / the record's own figure, read record by record
    fit,     // the shape of the figures against N
};
std::string_view to_string(DivisorSource source) noexcept;  // "steps", "stored", "fit"

// Growth of a step's cost per token, in percent of the first step, with 3.7 standard errors.
struct DivisorSlope {
    double percent_per_token = 0;
    double lower = 0;
    double upper = 0;
};

struct DivisorDiagnosis {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    DivisorVerdict verdict = DivisorVerdict::undecided;
    DivisorSource source = DivisorSource::fit;
    double step_ms = unknown;           // c: mean over the requests of figure / shape
    std::size_t groups = 0;             // configurations on data sets: c differs between them
    std::optional<DivisorSlope> slope;  // a second answer, beside the divisor
    double constant_ms = unknown;       // counted in, where it is claimed
    double noise_percent = unknown;     // residual standard deviation
    double r_squared = unknown;         // of the figures in ms about their group's mean
    std::size_t samples = 0;            // requests that were used
    std::size_t outliers = 0;  // left out: over 6 robust standard deviations from every shape
    std::string reason;        // one sentence
};

// Fits figures whose divisor is not known. The rules, in the order in which they are asked:
// - a model is out of the question when another one's squared error is lower by a factor that 6
//   units of twice the log-likelihood (after Schwarz's penalty for its parameters) stand for; two
//   verdicts left: undecided, and no number is given;
// - a slope is claimed from 1 % over the lengths seen and 3.7 standard errors on;
// - a constant part of P steps is claimed for P >= 1.25 likewise (P = 1 gives the shape of N-1);
// for
//   P between 0.2 and 0.8, which no prefill of a prompt comes to, only when nothing else fits.
DivisorDiagnosis diagnose_divisor(std::span<const PerTokenFigure> figures);

// What is left when the divisor is known: `per_step` are T_LLM_decode / (N - 1), tested for a
// constant part and for a slope. The verdict is `divisor`, but `prefill_included` where a constant
// part matches the records' own prefill, and `constant_part` where there is one and `divisor` is
// N-1.
DivisorDiagnosis diagnose_known_divisor(std::span<const PerTokenFigure> per_step,
                                        DivisorVerdict divisor, DivisorSource source);

}  // namespace decodemeter
