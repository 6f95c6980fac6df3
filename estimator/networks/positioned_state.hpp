// What a PositionedEstimator holds, shared by training, prediction and checkpoint. [torch]
#pragma once

#include "estimator/networks/positioned_estimator.hpp"
#include "estimator/networks/positioned_net.hpp"
#include "estimator/networks/training_data.hpp"

namespace decodemeter {

struct PositionedEstimator::State {
    TrainingOptions options;
    TrainingScales scales;
    PositionedNet net;
    CheckpointOrigin origin;
};

}  // namespace decodemeter
