// A CUDA driver whose device reaches an event some time after it was recorded, on a clock that the
// test moves.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <set>

#include "profiler/timing/cuda_driver.hpp"
#include "profiler/timing/host_clock.hpp"

namespace decodemeter::test {

struct FakeDriver {
    Nanoseconds now{};
    Nanoseconds behind{};  // how far the device runs behind the host
    int record_status = 0;
    int fails_from = 1 << 30;  // the event from which on creating fails
    int created = 0;
    int destroyed = 0;
    int contexts_set = 0;
    void* context = nullptr;
    int device = 0;           // of the context
    std::set<void*> streams;  // on which events were recorded
    std::map<void*, Nanoseconds> reached;
};

inline FakeDriver& fake_driver() {
    static FakeDriver fake;
    return fake;
}

// A fresh fake and the functions that lead to it.
inline CudaDriver make_fake_driver() {
    fake_driver() = FakeDriver{};
    CudaDriver driver;
    driver.init = [](unsigned) { return 0; };
    driver.error_text = [](int, const char** text) { return *text = "as the fake wants it", 0; };
    driver.context_current = [](CudaDriver::Context* context) {
        return *context = fake_driver().context, 0;
    };
    driver.primary_context = [](CudaDriver::Context* context, int) {
        return *context = &fake_driver(), 0;
    };
    driver.context_set = [](CudaDriver::Context context) {
        ++fake_driver().contexts_set;
        fake_driver().context = context;
        return 0;
    };
    driver.event_create = [](CudaDriver::Event* event, unsigned) {
        FakeDriver& fake = fake_driver();
        if (fake.created >= fake.fails_from) return 2;
        *event = reinterpret_cast<void*>(static_cast<std::intptr_t>(++fake.created));
        return 0;
    };
    driver.event_destroy = [](CudaDriver::Event) { return ++fake_driver().destroyed, 0; };
    driver.context_device = [](int* device) { return *device = fake_driver().device, 0; };
    driver.pci_bus_id = [](char* text, int length, int device) {
        return std::snprintf(text, static_cast<std::size_t>(length), "0000:%02d:00.0", device), 0;
    };
    driver.event_record = [](CudaDriver::Event event, CudaDriver::Stream stream) {
        FakeDriver& fake = fake_driver();
        fake.streams.insert(stream);
        fake.reached[event] = fake.now + fake.behind;
        return fake.record_status;
    };
    driver.event_elapsed_ms = [](float* elapsed_ms, CudaDriver::Event from, CudaDriver::Event to) {
        const Milliseconds elapsed = fake_driver().reached.at(to) - fake_driver().reached.at(from);
        *elapsed_ms = static_cast<float>(elapsed.count());
        return 0;
    };
    driver.stream_synchronize = [](CudaDriver::Stream) { return 0; };
    return driver;
}

}  // namespace decodemeter::test
