// Fits the physical model to records. See Note [Between and within] in physics_fit.cpp.
#pragma once

#include <span>

#include "estimator/dataset.hpp"

namespace decodemeter {

// Non-negative least squares on the relative error with Huber weights. Rows without a decode step
// serve the prefill alone.
StepPhysics fit_step_physics(const Dataset& dataset, std::span<const int> rows);

// Physics and, where it lowers the leave-configuration-out error by more than one standard error,
// the residual.
struct PhysicsModel {
    StepPhysics physics;
    Residual residual;
};
PhysicsModel fit_physics_model(const Dataset& dataset, std::span<const int> rows,
                               std::uint64_t seed);

double physics_prefill_ms(const PhysicsModel& model, const Request& request) noexcept;
double physics_decode_ms(const PhysicsModel& model, const Request& request,
                         int output_tokens) noexcept;

}  // namespace decodemeter
