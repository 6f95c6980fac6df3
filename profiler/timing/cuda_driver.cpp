#include "profiler/timing/cuda_driver.hpp"

#include <dlfcn.h>

#include <array>

namespace decodemeter {

namespace {

template <class Function>
void load(void* library, const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(library, name));
}

template <class Function>
void find(void* library, const char* name, Function*& function, CudaDriver& driver) {
    load(library, name, function);
    if (!function && driver.absent.empty())
        driver.absent = std::string("libcuda.so.1 has no ") + name;
}

CudaDriver functions_of(void* library, const char* absent) {
    CudaDriver driver;
    if (!library) {
        driver.absent = absent;
        return driver;
    }
    find(library, "cuInit", driver.init, driver);
    find(library, "cuGetErrorString", driver.error_text, driver);
    load(library, "cuDeviceGetCount", driver.device_count);
    load(library, "cuDeviceGetName", driver.device_name);
    find(library, "cuCtxGetCurrent", driver.context_current, driver);
    find(library, "cuCtxSetCurrent", driver.context_set, driver);
    find(library, "cuCtxGetDevice", driver.context_device, driver);
    find(library, "cuCtxSynchronize", driver.context_synchronize, driver);
    find(library, "cuDevicePrimaryCtxRetain", driver.primary_context, driver);
    find(library, "cuDeviceGetPCIBusId", driver.pci_bus_id, driver);
    find(library, "cuEventCreate", driver.event_create, driver);
    find(library, "cuEventDestroy_v2", driver.event_destroy, driver);
    find(library, "cuEventRecord", driver.event_record, driver);
    find(library, "cuEventElapsedTime", driver.event_elapsed_ms, driver);
    find(library, "cuStreamSynchronize", driver.stream_synchronize, driver);
    return driver;
}

}  // namespace

CudaDriver load_cuda_driver() {
    return functions_of(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL),
                        "libcuda.so.1 is not there: this machine has no NVIDIA driver");
}

CudaDriver loaded_cuda_driver() {
    return functions_of(dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD),
                        "this process has not loaded the NVIDIA driver");
}

std::string current_pci_bus_id(const CudaDriver& driver) {
    int device = 0;
    std::array<char, 32> text{};
    if (driver.context_device(&device) != 0 ||
        driver.pci_bus_id(text.data(), static_cast<int>(text.size()), device) != 0)
        return {};
    return text.data();
}

std::string cuda_fault(const CudaDriver& driver, const std::string& what, int status) {
    const char* text = nullptr;
    if (driver.error_text) driver.error_text(status, &text);
    return what + ": " + (text ? text : "the driver does not say why") + " (CUDA error " +
           std::to_string(status) + ")";
}

}  // namespace decodemeter
