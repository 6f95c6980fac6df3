// The device on which LibTorch computes. [torch]
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

namespace decodemeter {

// "cpu", or "cuda" after LibTorch's CUDA half has been loaded, which the program does not link: so
// it starts on a machine without it. Throws InputError saying what is missing: the library, the
// driver, the device.
at::Device open_device(const std::string& name);

// Of the LibTorch that this process runs on.
std::filesystem::path torch_library_folder();

void synchronise_device(const at::Device& device);
void empty_device_cache(const at::Device& device);

}  // namespace decodemeter
