#include "profiler/timing/gpu_state/nvml_sampler.hpp"

#include "tests/catch.hpp"
#include "tests/timing/gpu_state/fake_nvml.hpp"

using namespace decodemeter;

using test::fake_nvml;
using test::gpu;

TEST_CASE("A sample's state is that before and after it") {
    NvmlSampler sampler("0000:01:00.0", fake_nvml());
    REQUIRE(sampler.works());
    CHECK(sampler.absent().empty());
    sampler.begin_sample();
    gpu.clock = 1500;
    gpu.temperature = 60;
    gpu.energy += 2500;
    gpu.reasons = 0x4 | 0x40;
    const std::optional<GpuState> state = sampler.end_sample();
    REQUIRE(state.has_value());
    CHECK(state->sm_mhz_min == 1500);
    CHECK(state->temperature_c == 60);
    CHECK(state->power_w == 310.5);
    CHECK(state->energy_mj == 2500);
    CHECK(state->throttle == std::vector<std::string>{"sw_power_cap", "hw_thermal_slowdown"});
    CHECK(clock_fell(*state, 1980));
    CHECK_FALSE(clock_fell(*state, 1600));
}

TEST_CASE("The low clock of an idle GPU before a sample is not the sample's") {
    NvmlSampler sampler("", fake_nvml());
    gpu.clock = 345;
    gpu.reasons = 0x1;
    sampler.begin_sample();
    gpu.clock = 1980;
    gpu.reasons = 0;
    const std::optional<GpuState> state = sampler.end_sample();
    CHECK(state->sm_mhz_min == 1980);
    CHECK(state->throttle.empty());
}

TEST_CASE("What a device does not tell is null, with the reason") {
    NvmlFunctions nvml = fake_nvml();
    gpu.tells_energy = false;
    nvml.temperature = nullptr;
    NvmlSampler sampler("0000:01:00.0", nvml);
    CHECK(sampler.absent().size() == 2);
    CHECK(sampler.absent().count("gpu.energy_mj") == 1);
    CHECK(sampler.absent().count("gpu.temperature_c") == 1);
    sampler.begin_sample();
    const std::optional<GpuState> state = sampler.end_sample();
    CHECK_FALSE(state->energy_mj.has_value());
    CHECK_FALSE(state->temperature_c.has_value());
    CHECK(state->sm_mhz_min == 1980);
}

TEST_CASE(
    "Without the library, with one that refuses, or without the device there is no state, and a "
    "reason") {
    NvmlFunctions none;
    none.absent = "no driver";
    NvmlSampler without("0000:01:00.0", none);
    CHECK_FALSE(without.works());
    CHECK(without.absent().at("gpu") == "no driver");
    CHECK_FALSE(without.end_sample().has_value());
    NvmlFunctions refusing = fake_nvml();
    refusing.init = [] { return 9; };
    CHECK(NvmlSampler("", refusing).absent().at("gpu") == "NVML cannot start: Not Found (9)");
    NvmlSampler elsewhere("0000:99:00.0", fake_nvml());
    CHECK_FALSE(elsewhere.works());
    CHECK(elsewhere.absent().at("gpu").find("0000:99:00.0") != std::string::npos);
}

TEST_CASE("The device describes itself, and NVML is shut down at the end") {
    {
        NvmlSampler sampler("0000:01:00.0", fake_nvml());
        DeviceInfo device;
        sampler.describe(device);
        CHECK(device.name == "NVIDIA Fake");
        CHECK(device.uuid == "GPU-1234");
        CHECK(device.driver == "580.1");
        CHECK(device.memory_bytes == 80'000'000'000);
        CHECK(device.sm_mhz_max == 1980);
        CHECK(gpu.started == 1);
    }
    CHECK(gpu.started == 0);
}

TEST_CASE("Loading NVML never throws: there is the library, or a reason") {
    const NvmlFunctions nvml = load_nvml();
    CHECK((nvml.init != nullptr) == nvml.absent.empty());
}
