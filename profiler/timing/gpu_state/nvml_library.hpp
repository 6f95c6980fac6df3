// The part of NVML (the driver's management library) that is used here, loaded at run time: it
// comes with the driver, and neither building nor running needs it.
#pragma once

#include <memory>
#include <string>

namespace decodemeter {

// Functions by what they do; each may be absent. All return 0 for success. Types as in nvml.h.
struct NvmlFunctions {
    struct Memory {
        unsigned long long total = 0;
        unsigned long long free = 0;
        unsigned long long used = 0;
    };
    using Device = void*;

    int (*init)() = nullptr;
    int (*shutdown)() = nullptr;
    const char* (*error_text)(int) = nullptr;
    int (*device_by_pci)(const char* bus_id, Device*) = nullptr;
    int (*device_by_index)(unsigned, Device*) = nullptr;
    int (*name)(Device, char*, unsigned length) = nullptr;
    int (*uuid)(Device, char*, unsigned length) = nullptr;
    int (*driver_version)(char*, unsigned length) = nullptr;
    int (*memory)(Device, Memory*) = nullptr;
    int (*clock_mhz)(Device, int domain, unsigned*) = nullptr;
    int (*max_clock_mhz)(Device, int domain, unsigned*) = nullptr;
    int (*throttle_reasons)(Device, unsigned long long*) = nullptr;
    int (*temperature)(Device, int sensor, unsigned*) = nullptr;
    int (*power_mw)(Device, unsigned*) = nullptr;
    int (*energy_mj)(Device, unsigned long long*) = nullptr;

    std::shared_ptr<void> handle;  // keeps the functions loaded
    std::string absent;            // why there are none; empty: init is there
};

NvmlFunctions load_nvml();

}  // namespace decodemeter
