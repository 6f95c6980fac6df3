// The physical model that records are simulated from, in closed form:
//     step s    = [1, L, L k, L context, L s, 1 / s] . beta        context = prompt tokens + s
//     prefill   = [1, crops, L, L T, L T k, L T^2] . gamma
// with L active blocks, k experts for each token, T prompt tokens, and coefficients >= 0. The model
// that is fitted to records and served has more terms: see latency_curves.hpp. A leaf but for
// Request.
#pragma once

#include <array>
#include <cstddef>

#include "estimator/predictor/predictor.hpp"

namespace decodemeter {

inline constexpr std::size_t step_terms = 6;
inline constexpr std::size_t prefill_terms = 6;
using StepBasis = std::array<double, step_terms>;
using PrefillBasis = std::array<double, prefill_terms>;

struct StepPhysics {
    StepBasis beta{};
    PrefillBasis gamma{};

    bool operator==(const StepPhysics&) const = default;
};

// Basis of the sum of steps first ... last (1-based, both included); zero when last < first.
StepBasis step_range_basis(const Request& request, int first, int last) noexcept;
PrefillBasis prefill_basis(const Request& request) noexcept;

double step_ms(const StepPhysics& physics, const Request& request, int step) noexcept;
// All N-1 steps of an answer of N tokens, without a loop over them.
double decode_ms(const StepPhysics& physics, const Request& request, int output_tokens) noexcept;
double prefill_ms(const StepPhysics& physics, const Request& request) noexcept;

// 1 + 1/2 + ... + 1/n.
double harmonic(int n) noexcept;

// num_crops where the request has it, else what its vision tokens say.
int crops_of(const Request& request) noexcept;

}  // namespace decodemeter
