// The physical model as it is served: its curves, and what measured configurations cost beside
// them, made monotone.
#pragma once

#include <array>
#include <vector>

#include "estimator/predictor/dense_network.hpp"
#include "estimator/predictor/latency_curves.hpp"

namespace decodemeter {

// The correction exp(r) of the physical model: a network of the knobs alone whose outputs are
// squashed to +-residual_limit.
inline constexpr double residual_limit = 0.15;
struct Residual {
    DenseNetwork network;  // outputs: decode, prefill
    bool decode = false;   // whether each was worth keeping
    bool prefill = false;

    bool operator==(const Residual&) const = default;
};

// Factors on decode and prefill.
struct KnobFactors {
    double decode = 1;
    double prefill = 1;
};
KnobFactors residual_factors(const Residual& residual, const Request& request) noexcept;

// What a measured configuration costs relative to the model, shrunken toward 1.
struct ConfigurationLevel {
    int tier = 0;
    int top_k = 0;
    int active_blocks = 0;
    double decode = 1;
    double prefill = 1;

    bool operator==(const ConfigurationLevel&) const = default;
};

// The curves of one tier at every integer setting of the knobs between the smallest and the largest
// that were measured, row by row of active blocks.
struct TierSurface {
    int first_top_k = 0;
    int last_top_k = -1;
    int first_blocks = 0;
    int last_blocks = -1;
    std::vector<CurveValues> cells;

    int width() const noexcept { return last_top_k - first_top_k + 1; }
    const CurveValues& at(int top_k, int blocks) const noexcept {
        return cells[static_cast<std::size_t>(blocks - first_blocks) *
                         static_cast<std::size_t>(width()) +
                     static_cast<std::size_t>(top_k - first_top_k)];
    }
    bool operator==(const TierSurface&) const = default;
};

struct PhysicsModel {
    Physics physics;
    Residual residual;
    std::vector<ConfigurationLevel> levels;
    // Derived from the above by make_physics_model; empty for a tier without levels.
    std::array<TierSurface, 3> surfaces;

    bool operator==(const PhysicsModel&) const = default;
};

// See Note [Corrections that never let a time fall]. A tier whose knobs span more than
// `widest_surface` values has no corrections.
inline constexpr int widest_surface = 64;
PhysicsModel make_physics_model(const Physics& physics, Residual residual,
                                std::vector<ConfigurationLevel> levels);

// The corrected curves of a request.
CurveValues curves_of(const PhysicsModel& model, const Request& request) noexcept;

double physics_prefill_ms(const PhysicsModel& model, const Request& request) noexcept;
double physics_step_ms(const PhysicsModel& model, const Request& request, int step) noexcept;
double physics_decode_ms(const PhysicsModel& model, const Request& request,
                         int output_tokens) noexcept;

}  // namespace decodemeter
