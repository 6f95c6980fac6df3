// CUPTI's functions, loaded at run time. Included by sources that are built with CUPTI only.
#pragma once

#include <cupti.h>

#include <cstdint>
#include <string>

namespace decodemeter {

// By their names without the prefix. Those of the first group are there, or `absent` says why not.
struct CuptiFunctions {
    decltype(&cuptiGetVersion) get_version = nullptr;
    decltype(&cuptiSubscribe) subscribe = nullptr;
    decltype(&cuptiUnsubscribe) unsubscribe = nullptr;
    decltype(&cuptiActivityRegisterCallbacks) register_callbacks = nullptr;
    decltype(&cuptiActivityEnable) enable = nullptr;
    decltype(&cuptiActivityDisable) disable = nullptr;
    decltype(&cuptiActivityFlushAll) flush_all = nullptr;
    decltype(&cuptiActivityGetNextRecord) next_record = nullptr;
    decltype(&cuptiActivityGetNumDroppedRecords) dropped_records = nullptr;
    decltype(&cuptiActivityPushExternalCorrelationId) push_external = nullptr;
    decltype(&cuptiActivityPopExternalCorrelationId) pop_external = nullptr;

    decltype(&cuptiActivityRegisterTimestampCallback) register_timestamps =
        nullptr;                                                        // from CUDA 11.6 on
    CUptiResult(CUPTIAPI* enable_event_times)(std::uint8_t) = nullptr;  // from CUDA 13.0 on
    // Of single calls; newer versions only.
    CUptiResult(CUPTIAPI* enable_runtime_call)(CUpti_CallbackId, std::uint8_t) = nullptr;
    CUptiResult(CUPTIAPI* enable_driver_call)(CUpti_CallbackId, std::uint8_t) = nullptr;
    decltype(&cuptiFinalize) finalize = nullptr;
    decltype(&cuptiGetErrorMessage) error_message = nullptr;  // from CUDA 12.2 on
    decltype(&cuptiGetResultString) result_string = nullptr;

    void* handle = nullptr;  // never closed: CUPTI leaves threads and memory of its own behind
    std::string absent;
};

CuptiFunctions load_cupti();

// What a failure means to the user: "another tool traces this process (error 39): ...".
std::string cupti_reason(const CuptiFunctions& cupti, CUptiResult status);

}  // namespace decodemeter
