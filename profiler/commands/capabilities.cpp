#include "profiler/commands/capabilities.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <thread>

#include "profiler/molmo/molmo.hpp"
#include "profiler/profile/run_description.hpp"
#include "profiler/record/build_info.hpp"
#include "profiler/report/gnuplot.hpp"
#include "profiler/samples/photographs.hpp"
#include "profiler/timing/cuda_driver.hpp"
#include "profiler/timing/gpu_state/nvml_library.hpp"
#include "profiler/timing/tracing/cupti_library.hpp"
#include "profiler/watch/watch_library.hpp"

namespace decodemeter {

namespace {

Capability cuda_build() {
    const std::string& cuda = build_info().cuda;
    if (!cuda.empty()) return {"CUDA kernels", true, "compiled by nvcc " + cuda, ""};
    return {"CUDA kernels", false, "built without nvcc",
            "scripts/setup --cuda installs nvcc and builds again"};
}

Capability cuda_device() {
    const std::string remedy =
        "run with --device cpu, or on a machine with an NVIDIA driver (nvidia-smi tells)";
    const CudaDriver driver = load_cuda_driver();
    if (!driver.absent.empty()) return {"CUDA device", false, driver.absent, remedy};
    int count = 0;
    if (!driver.device_count || !driver.device_name || driver.init(0) != 0 ||
        driver.device_count(&count) != 0 || count == 0)
        return {"CUDA device", false, "a driver, but no device that it offers", remedy};
    std::array<char, 128> name{};
    driver.device_name(name.data(), static_cast<int>(name.size()) - 1, 0);
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

// After LibTorch's CUDA half was loaded, which brings a CUPTI of its own.
Capability cupti() {
    const CuptiLibrary library = find_cupti();
    if (library.absent.empty()) return {"CUPTI", true, "version " + library.version, ""};
    return {"CUPTI", false, library.absent,
            "scripts/setup --gpu installs it; without it steps have no busy time"};
}

Capability nvml() {
    const NvmlFunctions library = load_nvml();
    if (library.absent.empty())
        return {"NVML", true, "clocks, throttling, temperature, power and energy can be sampled",
                ""};
    return {"NVML", false, library.absent,
            "it comes with the NVIDIA driver; without it records have no GPU state"};
}

Capability watching() {
    const std::filesystem::path library = find_watch_library();
    if (!library.empty()) return {"watching programs", true, library.string(), ""};
    return {
        "watching programs", false, "the library that programs load is not beside this program",
        "build all targets; where NVTX's headers are missing, scripts/setup --cuda installs them"};
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
