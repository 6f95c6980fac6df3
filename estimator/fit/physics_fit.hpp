// Fits the physical model to records. See Note [Between and within] in decode_fit.cpp.
#pragma once

#include <span>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

// Non-negative least squares on the relative error with Huber weights. Rows without a decode step
// serve the prefill alone. Kinds of curves that the records do not show are 0.
Physics fit_physics(const Dataset& dataset, std::span<const int> rows);

// Physics; where it lowers the leave-configuration-out error by more than one standard error, the
// residual; and the level of each configuration among `rows`.
PhysicsModel fit_physics_model(const Dataset& dataset, std::span<const int> rows,
                               std::uint64_t seed);

}  // namespace decodemeter
