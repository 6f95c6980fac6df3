// Fits of a set's own per-token figure against the number of returned tokens N. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace decodemeter {

// One request's own per-token figure. Requests of one group (one configuration on one data set)
// share the cost of a step; N must vary within a group for it to tell anything.
struct PerTokenFigure {
    std::size_t group = 0;
    double tokens = 0;      // N, at least 2; a bin's center need not be whole
    double ms = 0;          // above 0
    double prefill_ms = 0;  // T_LLM_prefill where known
};

// How a decode time is turned into the figure, up to the factor c_group:
//     (N - 1 + p) / (N + divisor) * (1 + slope (N - 2) / 2)
// Step s costs c (1 + slope (s - 1)), so the N - 1 steps cost c (1 + slope (N - 2) / 2) on average;
// p is a prefill that was counted in, in steps.
enum class PrefillForm {
    none,      // p = 0
    ratio,     // p is the same in all groups
    constant,  // p c is the same in all groups
    measured,  // p c is a multiple of each request's own prefill_ms
};

struct PerTokenModel {
    int divisor = 0;
    PrefillForm prefill = PrefillForm::none;
    bool slope = false;

    int parameters() const noexcept {
        return (prefill == PrefillForm::none ? 0 : 1) + (slope ? 1 : 0);
    }
};

struct PerTokenFit {
    PerTokenModel model;
    double prefill_steps = 0;  // p, averaged over the requests
    double prefill_error = 0;  // standard errors
    double slope = 0;          // of a step's cost per token, as a share of the first step
    double slope_error = 0;
    double squares = 0;         // sum of squared residuals of the logarithms, group means taken out
    double deviation = 0;       // residual standard deviation: 0.03 is 3 %
    std::vector<double> shape;  // the model's figure for each request, in units of c
};

// Least squares of the logarithms, so that noise is relative and each group's c falls out with its
// mean. Groups are numbered from 0 without gaps.
PerTokenFit fit_per_token(std::span<const PerTokenFigure> figures, const PerTokenModel& model);

// Residual degrees of freedom before the model's own parameters: requests minus groups.
std::size_t degrees_of_freedom(std::span<const PerTokenFigure> figures);

}  // namespace decodemeter
