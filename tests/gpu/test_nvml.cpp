#include "profiler/timing/gpu_state/nvml_sampler.hpp"
#include "tests/catch.hpp"
#include "tests/gpu/skipped_tests.hpp"
#include "tests/gpu/spinning_generate.hpp"

using namespace decodemeter;

namespace {

std::string bus_id() {
    char text[32] = {};
    check_cuda(cudaDeviceGetPCIBusId(text, sizeof text, 0), "cannot ask for the bus id");
    return text;
}

}  // namespace

TEST_CASE("NVML knows the device that CUDA runs on") {
    NvmlSampler sampler(bus_id());
    if (!sampler.works()) {
        test::skip_test(sampler.absent().at("gpu"));
        return;
    }
    DeviceInfo device;
    sampler.describe(device);
    CHECK(device.name.find("NVIDIA") != std::string::npos);
    CHECK(device.uuid.rfind("GPU-", 0) == 0);
    CHECK(device.memory_bytes.value_or(0) > 1'000'000'000);
    CHECK(device.sm_mhz_max.value_or(0) > 500);
}

TEST_CASE(
    "A sample on a busy device has its clock, temperature, power and energy, or a reason for "
    "each") {
    NvmlSampler sampler(bus_id());
    if (!sampler.works()) {
        test::skip_test(sampler.absent().at("gpu"));
        return;
    }
    NullObserver nobody;
    sampler.begin_sample();
    test::SpinningGenerate{100, 20, 100'000}(nobody);
    const std::optional<GpuState> state = sampler.end_sample();
    REQUIRE(state.has_value());
    const auto told = [&](const std::optional<double>& value, const char* field, double low,
                          double high) {
        if (value) {
            CHECK(*value >= low);
            CHECK(*value <= high);
        } else {
            CHECK(sampler.absent().count(field) == 1);
        }
    };
    told(state->sm_mhz_min, "gpu.sm_mhz_min", 100, 4000);
    told(state->temperature_c, "gpu.temperature_c", 5, 110);
    told(state->power_w, "gpu.power_w", 5, 1500);
    told(state->energy_mj, "gpu.energy_mj", 0, 1e9);
}
