// The device that a network is trained on. [torch]
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace decodemeter {

// "cpu" or "cuda". libtorch_cuda is loaded only when it is asked for, so that a program starts without a driver.
// Throws InputError naming what is missing.
c10::Device open_device(const std::string& name);

}  // namespace decodemeter
