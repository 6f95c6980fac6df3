// The state of the GPU around each sample: clock, what slows it down, temperature, power, energy.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/record/run_header.hpp"
#include "profiler/record/sample_record.hpp"
#include "profiler/timing/gpu_state/nvml_library.hpp"

namespace decodemeter {

// Asks NVML before and after a sample, never within it. Whatever cannot be had is left out of the
// states, and its reason is kept; nothing throws.
class NvmlSampler {
public:
    // `pci_bus_id` as CUDA has it ("0000:01:00.0"); empty: the machine's first device.
    explicit NvmlSampler(const std::string& pci_bus_id, NvmlFunctions functions = load_nvml());
    ~NvmlSampler();
    NvmlSampler(const NvmlSampler&) = delete;
    NvmlSampler& operator=(const NvmlSampler&) = delete;

    bool works() const noexcept { return device_ != nullptr; }

    // By field, for run.json: "gpu" when there is nothing, else "gpu.energy_mj" and the like.
    const std::map<std::string, std::string>& absent() const noexcept { return absent_; }

    // Adds what NVML knows: name, UUID, driver, memory, highest clock.
    void describe(DeviceInfo& device) const;

    void begin_sample();
    // Lowest clock and all reasons of the two readings, the higher temperature, the power at the
    // end, the energy in between. None where NVML does not work.
    std::optional<GpuState> end_sample();

private:
    struct Reading {
        std::optional<double> sm_mhz, temperature_c, power_w, energy_mj;
        unsigned long long reasons = 0;
        bool idle = false;
    };

    Reading read() const;
    void find_device(const std::string& pci_bus_id);
    void note_absent();
    std::string reason_of(int status) const;

    NvmlFunctions nvml_;
    NvmlFunctions::Device device_ = nullptr;
    bool started_ = false;
    Reading before_;
    std::map<std::string, std::string> absent_;
};

// The reasons that make a GPU slower than it could be, by NVML's names without their prefix.
// Idleness and clocks that the user has set are none.
std::vector<std::string> throttle_names(unsigned long long reasons);

// Whether the clock of a sample lay more than a tenth below the highest one that the run has seen.
bool clock_fell(const GpuState& state, double highest_mhz_seen) noexcept;

}  // namespace decodemeter
