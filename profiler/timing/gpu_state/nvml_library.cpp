#include "profiler/timing/gpu_state/nvml_library.hpp"

#include <dlfcn.h>

namespace decodemeter {

namespace {

template <class Function>
void find(const std::shared_ptr<void>& library, const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(library.get(), name));
}

}  // namespace

NvmlFunctions load_nvml() {
    NvmlFunctions nvml;
    void* const opened = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
        nvml.absent =
            "libnvidia-ml.so.1 is not there: no NVIDIA driver, or a container without its "
            "utilities";
        return nvml;
    }
    nvml.handle = std::shared_ptr<void>(opened, [](void* library) { dlclose(library); });
    find(nvml.handle, "nvmlInit_v2", nvml.init);
    find(nvml.handle, "nvmlShutdown", nvml.shutdown);
    find(nvml.handle, "nvmlErrorString", nvml.error_text);
    find(nvml.handle, "nvmlDeviceGetHandleByPciBusId_v2", nvml.device_by_pci);
    find(nvml.handle, "nvmlDeviceGetHandleByIndex_v2", nvml.device_by_index);
    find(nvml.handle, "nvmlDeviceGetName", nvml.name);
    find(nvml.handle, "nvmlDeviceGetUUID", nvml.uuid);
    find(nvml.handle, "nvmlSystemGetDriverVersion", nvml.driver_version);
    find(nvml.handle, "nvmlDeviceGetMemoryInfo", nvml.memory);
    find(nvml.handle, "nvmlDeviceGetClockInfo", nvml.clock_mhz);
    find(nvml.handle, "nvmlDeviceGetMaxClockInfo", nvml.max_clock_mhz);
    find(nvml.handle, "nvmlDeviceGetCurrentClocksThrottleReasons", nvml.throttle_reasons);
    find(nvml.handle, "nvmlDeviceGetTemperature", nvml.temperature);
    find(nvml.handle, "nvmlDeviceGetPowerUsage", nvml.power_mw);
    find(nvml.handle, "nvmlDeviceGetTotalEnergyConsumption", nvml.energy_mj);
    if (!nvml.init) nvml.absent = "libnvidia-ml.so.1 has no nvmlInit_v2: the driver is too old";
    return nvml;
}

}  // namespace decodemeter
