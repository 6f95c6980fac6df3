// A device of LibTorch that computes on the CPU, but whose memory the host cannot read: it stands
// in for a GPU where code asks only whether a tensor is on the CPU. What is dispatched to it is
// kept by name, so that launches and waits can be counted on a machine without a GPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

namespace decodemeter::test {

enum class DeviceCall {
    launch,          // computes on the device
    copy_to_device,  // from the host's memory
    read_by_host,    // the host waits for the device and takes a value or a tensor from it
};

struct DeviceOperation {
    std::string name;  // as in native_functions.yaml, without overload; "copy" for copies
    DeviceCall call = DeviceCall::launch;
};

// Takes LibTorch's backend PrivateUse1 while it lives; at most one at a time. The host faults where
// it reads the memory directly. Views and allocations are not operations. Memory is not reused, and
// reads as zero until it is written.
class StandInDevice {
public:
    StandInDevice();
    ~StandInDevice();
    StandInDevice(const StandInDevice&) = delete;
    StandInDevice& operator=(const StandInDevice&) = delete;

    static at::Device device() { return {at::kPrivateUse1, 0}; }

    // All since the last clear(), in order.
    const std::vector<DeviceOperation>& operations() const noexcept;
    void clear() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace decodemeter::test
