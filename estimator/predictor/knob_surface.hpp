// The corrected curves of one tier over its measured settings of the knobs.
#pragma once

#include "estimator/predictor/physics_model.hpp"

namespace decodemeter {

// Empty where the tier has no levels, or spans more than `widest_surface` values of a knob.
TierSurface make_surface(const PhysicsModel& model, int tier);

}  // namespace decodemeter
