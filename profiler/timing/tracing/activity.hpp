// What a tracer saw of the device and of the CUDA calls that set it to work. All times are on one
// clock, the steady clock of the host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/timing/tracing/intervals.hpp"

namespace decodemeter {

enum class DeviceWork : std::uint8_t {
    kernel,
    memcpy,
    memset,
    graph,  // a whole graph launch, where its nodes were not traced one by one
};

struct DeviceActivity {
    DeviceWork work = DeviceWork::kernel;
    Interval time;  // both 0: the tracer could not take them
    std::uint32_t correlation =
        0;  // of the call that launched it; the nodes of one graph launch share theirs
    std::uint32_t device = 0;
    std::uint32_t context = 0;
    std::uint32_t stream = 0;
    std::uint32_t graph = 0;  // 0: not launched by a graph
    std::uint64_t graph_node = 0;
    std::int64_t bytes = 0;  // copied or set
    std::uint32_t name = 0;  // kernels: index into ActivityRecords::names
};

// A CUDA event that the device reached.
struct EventStamp {
    Nanoseconds time{};
    std::uint32_t correlation = 0;  // of the call that recorded it
    std::uint32_t device = 0;
    std::uint32_t context = 0;
    std::uint32_t stream = 0;
};

// A range that a program named with NVTX.
struct NamedRange {
    Interval time;
    std::uint32_t thread = 0;
    std::string name;
    std::string domain;  // empty: the default domain
};

// A call of the CUDA runtime or driver.
struct ApiCall {
    Interval time;
    std::uint32_t correlation = 0;
    std::uint32_t thread = 0;
    std::uint32_t function = 0;  // the tracer's number of the function
    bool driver = false;
    bool synchronizes = false;  // blocks the host until the device has done something
};

// An id that the host had pushed when it made a call.
struct ExternalLink {
    std::uint32_t correlation = 0;
    std::uint64_t id = 0;
};

// All that was kept of a stretch of time.
struct ActivityRecords {
    std::vector<DeviceActivity> device;
    std::vector<ApiCall> calls;
    std::vector<ExternalLink> links;
    std::vector<EventStamp> events;
    std::vector<NamedRange> ranges;
    std::vector<Interval> synchronizations;  // where the tracer records them beside the calls
    std::vector<Interval> overheads;         // what the tracer took itself
    std::vector<std::string> names;          // of kernels; the first is empty
    std::int64_t dropped = 0;
};

}  // namespace decodemeter
