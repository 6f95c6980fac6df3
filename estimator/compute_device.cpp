#include "estimator/compute_device.hpp"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <filesystem>

#include "kernels/position_sum.hpp"
#include "profiler/error/error.hpp"

namespace decodemeter {

namespace {

// libtorch_cuda lies beside libtorch_cpu, which this program has loaded.
std::filesystem::path torch_library_folder() {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<const void*>(&at::globalContext), &info) == 0 || info.dli_fname == nullptr) return {};
    return std::filesystem::path(info.dli_fname).parent_path();
}

}  // namespace

c10::Device open_device(const std::string& name) {
    if (name == "cpu") return c10::Device(c10::DeviceType::CPU);
    if (name != "cuda") throw InputError("--device " + name + ": is neither cpu nor cuda");
    if (!kernels::position_sum_has_cuda())
        throw InputError(
            "--device cuda: this program was built without CUDA; build with nvcc on PATH, or use --device cpu");
    const std::string library = (torch_library_folder() / "libtorch_cuda.so").string();
    if (::dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr)
        throw InputError("--device cuda: cannot load " + library + " (" + ::dlerror() + "); use --device cpu");
    if (!at::globalContext().hasCUDA())
        throw InputError("--device cuda: no CUDA device was found; check nvidia-smi, or use --device cpu");
    return c10::Device(c10::DeviceType::CUDA, 0);
}

}  // namespace decodemeter
