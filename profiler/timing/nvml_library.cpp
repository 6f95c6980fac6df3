#include "profiler/timing/nvml_library.hpp"

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
        nvml.absent = "libnvidia-ml.so.1 is not there: no NVIDIA driver, or a container without its utilities";
        return nvml;
    }
    nvml.library = std::shared_ptr<void>(opened, [](void* library) { dlclose(library); });
    find(nvml.library, "nvmlInit_v2", nvml.init);
    find(nvml.library, "nvmlShutdown", nvml.shutdown);
    find(nvml.library, "nvmlErrorString", nvml.error_text);
    find(nvml.library, "nvmlDeviceGetHandleByPciBusId_v2", nvml.device_by_pci);
    find(nvml.library, "nvmlDeviceGetHandleByIndex_v2", nvml.device_by_index);
    find(nvml.library, "nvmlDeviceGetName", nvml.name);
    find(nvml.library, "nvmlDeviceGetUUID", nvml.uuid);
    find(nvml.library, "nvmlSystemGetDriverVersion", nvml.driver_version);
    find(nvml.library, "nvmlDeviceGetMemoryInfo", nvml.memory);
    find(nvml.library, "nvmlDeviceGetClockInfo", nvml.clock_mhz);
    find(nvml.library, "nvmlDeviceGetMaxClockInfo", nvml.max_clock_mhz);
    find(nvml.library, "nvmlDeviceGetCurrentClocksThrottleReasons", nvml.throttle_reasons);
    find(nvml.library, "nvmlDeviceGetTemperature", nvml.temperature);
    find(nvml.library, "nvmlDeviceGetPowerUsage", nvml.power_mw);
    find(nvml.library, "nvmlDeviceGetTotalEnergyConsumption", nvml.energy_mj);
    if (!nvml.init) nvml.absent = "libnvidia-ml.so.1 has no nvmlInit_v2: the driver is too old";
    return nvml;
}

}  // namespace decodemeter
