#include "profiler/timing/tracing/cupti_functions.hpp"

#include <dlfcn.h>

#include <cstdlib>

#include "profiler/timing/tracing/cupti_library.hpp"

namespace decodemeter {

namespace {

void* open_library() {
    if (const char* const named = std::getenv("DECODEMETER_CUPTI"))
        return dlopen(named, RTLD_NOW | RTLD_LOCAL);
    // LibTorch's own copy is loaded already, under its soname. Records are laid out alike within a
    // major version.
    for (const char* name :
         {CUPTI_API_VERSION >= 130000 ? "libcupti.so.13" : "libcupti.so.12", "libcupti.so"}) {
        if (void* const opened = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return opened;
    }
    return nullptr;
}

template <class Function>
void find(CuptiFunctions& cupti, const char* name, Function& function, bool required) {
    function = reinterpret_cast<Function>(dlsym(cupti.handle, name));
    if (!function && required && cupti.absent.empty())
        cupti.absent = std::string("this libcupti has no ") + name;
}

}  // namespace

CuptiFunctions load_cupti() {
    CuptiFunctions cupti;
    void* const opened = open_library();
    if (!opened) {
        cupti.absent =
            "libcupti is not there; it comes with the CUDA toolkit and with PyPI's "
            "nvidia-cuda-cupti; "
            "DECODEMETER_CUPTI can name the file";
        return cupti;
    }
    cupti.handle = opened;
    find(cupti, "cuptiGetVersion", cupti.get_version, true);
    find(cupti, "cuptiSubscribe", cupti.subscribe, true);
    find(cupti, "cuptiUnsubscribe", cupti.unsubscribe, true);
    find(cupti, "cuptiActivityRegisterCallbacks", cupti.register_callbacks, true);
    find(cupti, "cuptiActivityEnable", cupti.enable, true);
    find(cupti, "cuptiActivityDisable", cupti.disable, true);
    find(cupti, "cuptiActivityFlushAll", cupti.flush_all, true);
    find(cupti, "cuptiActivityGetNextRecord", cupti.next_record, true);
    find(cupti, "cuptiActivityGetNumDroppedRecords", cupti.dropped_records, true);
    find(cupti, "cuptiActivityPushExternalCorrelationId", cupti.push_external, true);
    find(cupti, "cuptiActivityPopExternalCorrelationId", cupti.pop_external, true);
    find(cupti, "cuptiActivityRegisterTimestampCallback", cupti.register_timestamps, false);
    find(cupti, "cuptiActivityEnableCudaEventDeviceTimestamps", cupti.enable_event_times, false);
    find(cupti, "cuptiActivityEnableRuntimeApi", cupti.enable_runtime_call, false);
    find(cupti, "cuptiActivityEnableDriverApi", cupti.enable_driver_call, false);
    find(cupti, "cuptiFinalize", cupti.finalize, false);
    find(cupti, "cuptiGetErrorMessage", cupti.error_message, false);
    find(cupti, "cuptiGetResultString", cupti.result_string, false);
    return cupti;
}

CuptiLibrary find_cupti() {
    const CuptiFunctions cupti = load_cupti();
    std::uint32_t version = 0;
    if (cupti.absent.empty() && cupti.get_version(&version) != CUPTI_SUCCESS)
        return {"", "this libcupti does not tell its version"};
    return {version ? std::to_string(version) : "", cupti.absent};
}

std::string cupti_reason(const CuptiFunctions& cupti, CUptiResult status) {
    const std::string number = " (CUPTI error " + std::to_string(static_cast<int>(status)) + ")";
    switch (status) {
        case CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED:
            return "another tool traces this process: nsys, ncu, a debugger or torch.profiler" +
                   number;
        case CUPTI_ERROR_INSUFFICIENT_PRIVILEGES:
        case CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES:
            return "the driver refuses the rights to trace" + number;
        case CUPTI_ERROR_CONFIDENTIAL_COMPUTING_NOT_SUPPORTED:
            return "a GPU in confidential-computing mode cannot be traced" + number;
        case CUPTI_ERROR_UNKNOWN:
        case CUPTI_ERROR_NOT_INITIALIZED:
            return "there is no GPU that can be traced" + number;
        default:
            break;
    }
    const char* text = nullptr;
    if (cupti.error_message) cupti.error_message(status, &text);
    if (!text && cupti.result_string) cupti.result_string(status, &text);
    return (text ? std::string(text) : "tracing failed") + number;
}

}  // namespace decodemeter
