#include "profiler/profile/instruments.hpp"

#include "tests/catch.hpp"
#include "tests/timing/fake_driver.hpp"
#include "tests/timing/gpu_state/fake_nvml.hpp"

using namespace decodemeter;

TEST_CASE("NVML is asked for the device of CUDA's context, not for the machine's first") {
    const MeasuredGpu gpu{CudaStream{}, test::make_fake_driver(), test::fake_nvml()};
    test::fake_driver().device = 3;
    test::gpu.pci_bus_id = "0000:03:00.0";
    const Instruments instruments(4, gpu);
    CHECK(test::gpu.asked_for == "0000:03:00.0");
    DeviceInfo device;
    instruments.describe(device);
    CHECK(device.name == "NVIDIA Fake");
    CHECK_FALSE(instruments.absent().contains("gpu"));
}

TEST_CASE("The instruments record events on the stream of the model") {
    int stream = 0;
    const MeasuredGpu gpu{CudaStream{&stream}, test::make_fake_driver(), test::fake_nvml()};
    Instruments instruments(4, gpu);
    instruments.observers().begin(Stage::generate);
    CHECK(test::fake_driver().streams == std::set<void*>{&stream});
}
