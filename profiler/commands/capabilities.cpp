#include "profiler/commands/capabilities.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <thread>

#include "profiler/molmo/molmo.hpp"
#include "profiler/profile/run_description.hpp"
#include "profiler/record/build_info.hpp"
#include "profiler/report/gnuplot.hpp"
#include "profiler/samples/photographs.hpp"
#include "profiler/watch/watch_library.hpp"

namespace decodemeter {

namespace {

template <class Function>
Function* find_symbol(void* library, const char* name) {
    return library ? reinterpret_cast<Function*>(dlsym(library, name)) : nullptr;
}

// Null where there is none. Not closed: after cuInit the driver has threads and exit handlers,
// whose code must stay mapped.
void* open_first(std::initializer_list<std::string> names) {
    for (const std::string& name : names) {
        if (void* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    }
    return nullptr;
}

Capability cuda_build() {
    const std::string& cuda = build_info().cuda;
    if (!cuda.empty()) return {"CUDA kernels", true, "compiled by nvcc " + cuda, ""};
    return {"CUDA kernels", false, "built without nvcc",
            "scripts/setup --cuda installs nvcc and builds again"};
}

// The driver's own interface: needs neither LibTorch nor the toolkit.
Capability cuda_device() {
    const std::string remedy =
        "run with --device cpu, or on a machine with an NVIDIA driver (nvidia-smi tells)";
    void* const driver = open_first({"libcuda.so.1"});
    if (!driver) return {"CUDA device", false, "no driver: libcuda.so.1 is not there", remedy};
    const auto init = find_symbol<int(unsigned)>(driver, "cuInit");
    const auto count_of = find_symbol<int(int*)>(driver, "cuDeviceGetCount");
    const auto name_of = find_symbol<int(char*, int, int)>(driver, "cuDeviceGetName");
    int count = 0;
    if (!init || !count_of || !name_of || init(0) != 0 || count_of(&count) != 0 || count == 0) {
        return {"CUDA device", false, "a driver, but no device that it offers", remedy};
    }
    std::array<char, 128> name{};
    name_of(name.data(), static_cast<int>(name.size()) - 1, 0);
    return {"CUDA device", true,
            fmt::format("{}{}", name.data(), count > 1 ? fmt::format(" (first of {})", count) : ""),
            ""};
}

Capability torch_cuda() {
    const std::string fault = molmo::Molmo::torch_cuda_fault();
    if (fault.empty())
        return {"LibTorch's CUDA half", true, molmo::Molmo::torch_library_folder().string(), ""};
    return {"LibTorch's CUDA half", false, fault,
            "scripts/setup --gpu installs the complete torch wheel and its libraries"};
}

Capability cupti() {
    const std::filesystem::path torch = molmo::Molmo::torch_library_folder();
    const auto wheel =
        torch.parent_path().parent_path() / "nvidia" / "cu13" / "lib" / "libcupti.so.13";
    void* const library = open_first({"libcupti.so.13", wheel.string()});
    const auto version_of = find_symbol<int(std::uint32_t*)>(library, "cuptiGetVersion");
    std::uint32_t version = 0;
    if (version_of && version_of(&version) == 0)
        return {"CUPTI", true, fmt::format("version {}", version), ""};
    return {"CUPTI", false, "libcupti.so.13 is not there",
            "scripts/setup --gpu installs it; without it steps have no busy time"};
}

Capability nvml() {
    void* const library = open_first({"libnvidia-ml.so.1"});
    if (library)
        return {"NVML", true, "clocks, throttling, temperature, power and energy can be sampled",
                ""};
    return {"NVML", false, "libnvidia-ml.so.1 is not there",
            "it comes with the NVIDIA driver; without it records have no GPU state"};
}

Capability watching() {
    const std::filesystem::path library = find_watch_library();
    if (!library.empty()) return {"watching programs", true, library.string(), ""};
    return {"watching programs", false, "built without NVTX's headers",
            "scripts/setup --cuda installs them"};
}

Capability gnuplot() {
    if (gnuplot_is_installed()) return {"gnuplot", true, "plots can be drawn", ""};
    return {"gnuplot", false, "the program is not on PATH",
            "apt-get install gnuplot-nox; without it reports have no pictures"};
}

Capability photographs() {
    const std::filesystem::path folder = find_photographs();
    if (!folder.empty()) return {"photographs", true, folder.string(), ""};
    return {"photographs", false, "scikit-image's photographs are not there",
            "run scripts/setup, or set DECODEMETER_PHOTOS"};
}

}  // namespace

std::vector<Capability> find_capabilities() {
    const std::string processor = describe_cpu(0).name;
    return {{"processor", true,
             fmt::format("{}, {} cores", processor, std::thread::hardware_concurrency()), ""},
            {"LibTorch", true,
             molmo::Molmo::torch_version() + " in " + molmo::Molmo::torch_library_folder().string(),
             ""},
            cuda_build(),
            cuda_device(),
            torch_cuda(),
            cupti(),
            nvml(),
            watching(),
            gnuplot(),
            photographs()};
}

}  // namespace decodemeter
