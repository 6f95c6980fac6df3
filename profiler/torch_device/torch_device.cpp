#include "profiler/torch_device/torch_device.hpp"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/StringUtil.h>
#include <dlfcn.h>

#include <filesystem>

#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

// Its static initializers register the CUDA backend, so it must be loaded before LibTorch is first
// asked about CUDA.
void load_torch_cuda() {
    const std::string fault = torch_cuda_fault();
    if (!fault.empty())
        throw InvalidArgument("device",
                              c10::str(" cuda: cannot load LibTorch's CUDA library (", fault,
                                       "); scripts/setup --gpu installs what it needs"));
}

}  // namespace

std::filesystem::path torch_library_folder() {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&at::globalContext), &info) == 0 ||
        info.dli_fname == nullptr)
        return {};
    return std::filesystem::path(info.dli_fname).parent_path();
}

std::string torch_cuda_fault() {
    const std::filesystem::path library = torch_library_folder() / "libtorch_cuda.so";
    if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return {};
    const char* const reason = dlerror();
    return reason ? reason : library.string() + ": no reason given";
}

at::Device open_device(const std::string& name) {
    // cuDNN builds a plan for each new key length, on the host and so within nearly every decode
    // step; the other back ends have none.
    at::globalContext().setSDPUseCuDNN(false);
    if (name == "cpu") return at::Device(at::kCPU);
    if (name != "cuda") throw InvalidArgument("device", " " + name + ": give cpu or cuda");
    load_torch_cuda();
    if (!at::hasCUDA()) {
        throw InvalidArgument(
            "device",
            " cuda: no CUDA device is here, or its driver is missing or too old; nvidia-smi tells. "
            "Run on the CPU instead");
    }
    return at::Device(at::kCUDA, 0);
}

void* current_stream_handle(const at::Device& device) {
    const c10::impl::VirtualGuardImpl guard(device.type());
    return guard.getStreamNativeHandle(guard.getStream(device));
}

void synchronize_device(const at::Device& device) {
    if (!device.is_cpu()) at::accelerator::synchronizeDevice(device.index());
}

std::int64_t device_allocations(const at::Device& device) {
    return device.is_cpu() ? 0 : at::accelerator::getDeviceStats(device.index()).num_device_alloc;
}

void empty_device_cache(const at::Device& device) {
    if (!device.is_cpu()) at::accelerator::emptyCache();
}

}  // namespace decodemeter
