// The device on which LibTorch computes. [torch]
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

namespace decodemeter {

// "cpu", or "cuda" after LibTorch's CUDA half has been loaded, which the program does not link: so
// it starts on a machine without it. Throws InputError saying what is missing: the library, the
// driver, the device. Leaves cuDNN's attention off in this process.
at::Device open_device(const std::string& name);

// Of the LibTorch that this process runs on.
std::filesystem::path torch_library_folder();

// Loads LibTorch's CUDA library. The reason where it cannot be loaded; empty: it is loaded.
std::string torch_cuda_fault();

// Of the stream that this thread's work goes to; null is the legacy default stream.
void* current_stream_handle(const at::Device& device);

void synchronize_device(const at::Device& device);
// How often LibTorch has asked the driver for memory; 0 on the CPU.
std::int64_t device_allocations(const at::Device& device);
void empty_device_cache(const at::Device& device);

}  // namespace decodemeter
