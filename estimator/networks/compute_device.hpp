// The device that a network is trained on. [torch]
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace decodemeter {

// open_device, where the position sum was built for that device. Throws InputError naming what is
// missing.
c10::Device open_training_device(const std::string& name);

}  // namespace decodemeter
