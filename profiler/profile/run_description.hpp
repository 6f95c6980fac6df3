#pragma once

#include <string>

#include "profiler/molmo/model_description.hpp"
#include "profiler/record/run_header.hpp"

namespace decodemeter {

// The parts of a run header that follow from the model, the machine and the build: device,
// versions, model, the start with its command line.
RunHeader describe_run(const molmo::ModelDescription& model, const std::string& device);

// Of this machine: "AMD EPYC 9R14" and the number of threads that LibTorch uses.
DeviceInfo describe_cpu(int threads);

}  // namespace decodemeter
