#include "profiler/timing/gpu_state/nvml_sampler.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace decodemeter {

namespace {

// Constants of nvml.h.
constexpr int sm_clock = 1;
constexpr int gpu_temperature = 0;
constexpr unsigned long long idle_reason = 0x1;
constexpr std::array<std::pair<unsigned long long, const char*>, 6> slowing_reasons = {
    {{0x4, "sw_power_cap"},
     {0x8, "hw_slowdown"},
     {0x10, "sync_boost"},
     {0x20, "sw_thermal_slowdown"},
     {0x40, "hw_thermal_slowdown"},
     {0x80, "hw_power_brake_slowdown"}}};

// The value of one query, scaled; none where the function is absent or fails.
template <class Value, class Function, class... Arguments>
std::optional<double> ask(double scale, Function* function, Arguments... arguments) {
    Value value{};
    if (!function || function(arguments..., &value) != 0) return std::nullopt;
    return scale * static_cast<double>(value);
}

template <class Function, class... Arguments>
std::string ask_text(Function* function, Arguments... arguments) {
    std::array<char, 128> text{};
    if (!function ||
        function(arguments..., text.data(), static_cast<unsigned>(text.size() - 1)) != 0)
        return {};
    return text.data();
}

template <class Compare>
std::optional<double> chosen(const std::optional<double>& a, const std::optional<double>& b,
                             Compare better) {
    if (!a || !b) return a ? a : b;
    return better(*a, *b) ? a : b;
}

}  // namespace

NvmlSampler::NvmlSampler(const std::string& pci_bus_id, NvmlFunctions functions)
    : nvml_(std::move(functions)) {
    if (!nvml_.init) {
        absent_["gpu"] = nvml_.absent;
        return;
    }
    if (const int status = nvml_.init(); status != 0) {
        absent_["gpu"] = "NVML cannot start: " + reason_of(status);
        return;
    }
    started_ = true;
    find_device(pci_bus_id);
    if (works()) note_absent();
}

NvmlSampler::~NvmlSampler() {
    if (started_ && nvml_.shutdown) nvml_.shutdown();
}

std::string NvmlSampler::reason_of(int status) const {
    const char* const text = nvml_.error_text ? nvml_.error_text(status) : nullptr;
    return (text ? std::string(text) : "error") + " (" + std::to_string(status) + ")";
}

void NvmlSampler::find_device(const std::string& pci_bus_id) {
    int status = -1;
    if (!pci_bus_id.empty() && nvml_.device_by_pci)
        status = nvml_.device_by_pci(pci_bus_id.c_str(), &device_);
    else if (nvml_.device_by_index) status = nvml_.device_by_index(0, &device_);
    if (status == 0) return;
    device_ = nullptr;
    absent_["gpu"] = "NVML does not know the device " + pci_bus_id + ": " + reason_of(status);
}

void NvmlSampler::note_absent() {
    const Reading reading = read();
    const auto note = [&](const char* field, bool there) {
        if (!there) absent_[field] = "this driver or device does not tell it";
    };
    note("gpu.sm_mhz_min", reading.sm_mhz.has_value());
    note("gpu.temperature_c", reading.temperature_c.has_value());
    note("gpu.power_w", reading.power_w.has_value());
    note("gpu.energy_mj", reading.energy_mj.has_value());
    unsigned long long reasons = 0;
    note("gpu.throttle", nvml_.throttle_reasons && nvml_.throttle_reasons(device_, &reasons) == 0);
}

NvmlSampler::Reading NvmlSampler::read() const {
    Reading reading;
    reading.sm_mhz = ask<unsigned>(1, nvml_.clock_mhz, device_, sm_clock);
    reading.temperature_c = ask<unsigned>(1, nvml_.temperature, device_, gpu_temperature);
    reading.power_w = ask<unsigned>(1e-3, nvml_.power_mw, device_);
    reading.energy_mj = ask<unsigned long long>(1, nvml_.energy_mj, device_);
    if (nvml_.throttle_reasons && nvml_.throttle_reasons(device_, &reading.reasons) != 0)
        reading.reasons = 0;
    reading.idle = (reading.reasons & idle_reason) != 0;
    return reading;
}

void NvmlSampler::describe(DeviceInfo& device) const {
    if (!works()) return;
    if (const std::string name = ask_text(nvml_.name, device_); !name.empty()) device.name = name;
    device.uuid = ask_text(nvml_.uuid, device_);
    device.driver = ask_text(nvml_.driver_version);
    device.sm_mhz_max = ask<unsigned>(1, nvml_.max_clock_mhz, device_, sm_clock);
    NvmlFunctions::Memory memory;
    if (nvml_.memory && nvml_.memory(device_, &memory) == 0)
        device.memory_bytes = static_cast<std::int64_t>(memory.total);
}

void NvmlSampler::begin_sample() {
    if (works()) before_ = read();
}

std::optional<GpuState> NvmlSampler::end_sample() {
    if (!works()) return std::nullopt;
    const Reading after = read();
    GpuState state;
    // An idle GPU lowers its clock: that is no reading of the sample's.
    if (before_.idle) before_.sm_mhz.reset();
    state.sm_mhz_min = chosen(before_.sm_mhz, after.sm_mhz, std::less<>());
    state.temperature_c = chosen(before_.temperature_c, after.temperature_c, std::greater<>());
    state.power_w = after.power_w;
    if (before_.energy_mj && after.energy_mj)
        state.energy_mj = *after.energy_mj - *before_.energy_mj;
    state.throttle = throttle_names(before_.reasons | after.reasons);
    return state;
}

std::vector<std::string> throttle_names(unsigned long long reasons) {
    std::vector<std::string> names;
    for (const auto& [bit, name] : slowing_reasons) {
        if (reasons & bit) names.emplace_back(name);
    }
    return names;
}

bool clock_fell(const GpuState& state, double highest_mhz_seen) noexcept {
    return state.sm_mhz_min && *state.sm_mhz_min < 0.9 * highest_mhz_seen;
}

}  // namespace decodemeter
