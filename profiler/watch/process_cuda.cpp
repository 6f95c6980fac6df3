#include "profiler/watch/process_cuda.hpp"

#include <dlfcn.h>

#include <array>

namespace decodemeter {

std::optional<ProcessCuda> ProcessCuda::current() {
    void* const driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (!driver) return std::nullopt;
    const auto context_device = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuCtxGetDevice"));
    ProcessCuda cuda;
    cuda.synchronise_ = reinterpret_cast<Synchronise>(dlsym(driver, "cuCtxSynchronize"));
    cuda.pci_bus_id_ = reinterpret_cast<PciBusId>(dlsym(driver, "cuDeviceGetPCIBusId"));
    if (!context_device || !cuda.synchronise_ || context_device(&cuda.device_) != 0) return std::nullopt;
    return cuda;
}

std::string ProcessCuda::pci_bus_id() const {
    std::array<char, 32> text{};
    if (!pci_bus_id_ || pci_bus_id_(text.data(), static_cast<int>(text.size()), device_) != 0) return {};
    return text.data();
}

void ProcessCuda::synchronise() const noexcept { synchronise_(); }

}  // namespace decodemeter
