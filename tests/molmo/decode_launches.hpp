// What one decode step dispatches to a device that is not the CPU, for a model of any size.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "profiler/molmo/checkpoint/model_config.hpp"
#include "tests/molmo/stand_in_device.hpp"

namespace decodemeter::test {

struct DecodeLaunches {
    std::vector<DeviceOperation> layer;    // of one decoder layer
    std::vector<DeviceOperation> outside;  // embedding, final norm, LM head, argmax, read-back
};

// Runs the model's own decoder code once, on one layer whose weights are addresses without memory.
// `context`: positions before the step.
DecodeLaunches decode_launches(const molmo::ModelConfig& config, at::ScalarType dtype, int context);

// How often each operation of `call` is there.
std::map<std::string, int> count_by_name(const std::vector<DeviceOperation>& operations,
                                         DeviceCall call = DeviceCall::launch);

}  // namespace decodemeter::test
