// What a PositionedEstimator holds, shared by training, prediction and checkpoint. [torch]
#pragma once

#include "estimator/positioned_estimator.hpp"
#include "estimator/positioned_net.hpp"
#include "estimator/training_data.hpp"

namespace decodemeter {

struct PositionedEstimator::State {
    TrainingOptions options;
    TrainingScales scales;
    PositionedNet net;
    CheckpointOrigin origin;
};

}  // namespace decodemeter
