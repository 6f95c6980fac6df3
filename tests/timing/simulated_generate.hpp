// A generate() on a simulated host and device: what a tracer would have recorded of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "profiler/timing/tracing/activity.hpp"
#include "tests/statistics/synthetic.hpp"

namespace decodemeter::test {

struct SimulatedGenerate {
    ActivityRecords records;
    std::vector<Nanoseconds> edges;  // host time
    std::uint64_t external_base = 1000;

    // One stream, kernels in order. Each step begins by reading the token of the step before (a
    // copy and a synchronize), then launches its kernels as fast as it can. With `events` a
    // timeline records one right after each edge, as observers in a group are called.
    SimulatedGenerate(std::uint64_t seed, int steps, int kernels_per_step, bool events = false)
        : draws_(seed) {
        for (int i = 0; i < kernels_per_step; ++i)
            launch(0, DeviceWork::kernel, between(1000, 20000));
        edges.push_back(host_);
        if (events) record_event(1);
        for (int step = 1; step <= steps; ++step) {
            launch(step, DeviceWork::memcpy, between(500, 1500), 8);
            synchronize(step);
            for (int i = 0; i < kernels_per_step; ++i)
                launch(step, DeviceWork::kernel, between(500, 20000));
            host_ += between(0, 3000);
            edges.push_back(host_);
            if (events) record_event(step + 1);
        }
    }

    Nanoseconds device_end() const { return device_; }

private:
    Nanoseconds between(int low, int high) { return Nanoseconds(draws_.integer(low, high)); }

    ApiCall& call(int step, Nanoseconds duration) {
        ApiCall made;
        made.correlation = ++correlation_;
        made.thread = 1;
        made.time = {host_, host_ + duration};
        host_ += duration + between(0, 2000);
        records.links.push_back(
            {made.correlation, external_base + static_cast<std::uint64_t>(step)});
        records.calls.push_back(made);
        return records.calls.back();
    }

    void launch(int step, DeviceWork work, Nanoseconds duration, std::int64_t bytes = 0) {
        const ApiCall& made = call(step, between(2000, 6000));
        DeviceActivity activity;
        activity.work = work;
        activity.correlation = made.correlation;
        activity.stream = 7;
        activity.bytes = bytes;
        activity.time.start =
            std::max(device_, made.time.start + between(1000, 3000)) + between(0, 1500);
        activity.time.end = activity.time.start + duration;
        device_ = activity.time.end;
        records.device.push_back(activity);
    }

    void record_event(int step) {
        const ApiCall& made = call(step, between(500, 1500));
        EventStamp event;
        event.correlation = made.correlation;
        event.stream = 7;
        device_ = std::max(device_, made.time.start) + between(300, 900);
        event.time = device_;
        records.events.push_back(event);
    }

    void synchronize(int step) {
        const Nanoseconds done = std::max(device_, host_) + between(500, 2000);
        ApiCall& made = call(step, done - host_);
        made.synchronizes = true;
    }

    Draws draws_;
    Nanoseconds host_{1'000'000'000};
    Nanoseconds device_{};
    std::uint32_t correlation_ = 0;
};

}  // namespace decodemeter::test
