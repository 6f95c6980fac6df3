// An NVML whose GPU answers what a test sets.
#pragma once

#include <cstring>
#include <string>

#include "profiler/timing/gpu_state/nvml_library.hpp"

namespace decodemeter::test {

// What the fake NVML answers. Its functions are plain pointers, so this is the only way to them.
struct FakeGpu {
    unsigned clock = 1980;
    unsigned temperature = 41;
    unsigned power = 310'500;
    unsigned long long energy = 1'000'000;
    unsigned long long reasons = 0;
    bool tells_energy = true;
    int started = 0;
    std::string pci_bus_id = "0000:01:00.0";
    std::string asked_for;
};
inline FakeGpu gpu;

inline int give_text(char* text, unsigned length, const char* value) {
    std::strncpy(text, value, length);
    return 0;
}

inline NvmlFunctions fake_nvml() {
    gpu = FakeGpu{};
    NvmlFunctions nvml;
    nvml.init = [] { return ++gpu.started, 0; };
    nvml.shutdown = [] { return --gpu.started, 0; };
    nvml.error_text = [](int) { return "Not Found"; };
    nvml.device_by_pci = [](const char* id, NvmlFunctions::Device* device) {
        gpu.asked_for = id;
        *device = &gpu;
        return gpu.asked_for == gpu.pci_bus_id ? 0 : 6;
    };
    nvml.device_by_index = [](unsigned, NvmlFunctions::Device* device) {
        *device = &gpu;
        return 0;
    };
    nvml.name = [](void*, char* text, unsigned length) {
        return give_text(text, length, "NVIDIA Fake");
    };
    nvml.uuid = [](void*, char* text, unsigned length) {
        return give_text(text, length, "GPU-1234");
    };
    nvml.driver_version = [](char* text, unsigned length) {
        return give_text(text, length, "580.1");
    };
    nvml.memory = [](void*, NvmlFunctions::Memory* memory) {
        return memory->total = 80'000'000'000, 0;
    };
    nvml.clock_mhz = [](void*, int domain, unsigned* value) {
        return *value = domain == 1 ? gpu.clock : 0, 0;
    };
    nvml.max_clock_mhz = [](void*, int, unsigned* value) { return *value = 1980, 0; };
    nvml.throttle_reasons = [](void*, unsigned long long* value) {
        return *value = gpu.reasons, 0;
    };
    nvml.temperature = [](void*, int, unsigned* value) { return *value = gpu.temperature, 0; };
    nvml.power_mw = [](void*, unsigned* value) { return *value = gpu.power, 0; };
    nvml.energy_mj = [](void*, unsigned long long* value) {
        return *value = gpu.energy, gpu.tells_energy ? 0 : 3;
    };
    return nvml;
}

}  // namespace decodemeter::test
