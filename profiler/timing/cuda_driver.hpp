// The part of the CUDA driver that is used here, loaded at run time: neither building nor running
// needs it, and a process that is watched is given no CUDA runtime that it does not have.
#pragma once

#include <string>

namespace decodemeter {

// Functions by what they do; all return 0 for success. Types and values as in cuda.h.
struct CudaDriver {
    using Event = void*;
    using Stream = void*;  // as CudaStream has it
    using Context = void*;

    int (*init)(unsigned flags) = nullptr;
    int (*error_text)(int, const char**) = nullptr;

    // Of no use to a measurement: null where the driver has none, without being `absent`.
    int (*device_count)(int*) = nullptr;
    int (*device_name)(char*, int length, int device) = nullptr;

    int (*context_current)(Context*) = nullptr;
    int (*context_set)(Context) = nullptr;
    int (*context_device)(int*) = nullptr;
    int (*context_synchronize)() = nullptr;
    int (*primary_context)(Context*, int device) = nullptr;
    int (*pci_bus_id)(char*, int length, int device) = nullptr;

    int (*event_create)(Event*, unsigned flags) = nullptr;
    int (*event_destroy)(Event) = nullptr;
    int (*event_record)(Event, Stream) = nullptr;
    int (*event_elapsed_ms)(float*, Event, Event) = nullptr;
    int (*stream_synchronize)(Stream) = nullptr;

    std::string absent;  // why they are not there; empty: all are
};

// Once opened it stays open, as the processes that use it leave it.
CudaDriver load_cuda_driver();
// None is opened where the process has not done so itself.
CudaDriver loaded_cuda_driver();

// Of the device of this thread's context, as NVML has it ("0000:01:00.0"); empty where the driver
// cannot tell.
std::string current_pci_bus_id(const CudaDriver& driver);

// "what: the driver's words (CUDA error 201)"
std::string cuda_fault(const CudaDriver& driver, const std::string& what, int status);

}  // namespace decodemeter
