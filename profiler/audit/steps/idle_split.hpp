// Where the device's time goes in a decode step, by configuration.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// Means over the steps of the tracing passes.
struct IdleSplitRow {
    ConfigKey config;
    std::size_t steps = 0;
    double span_ms = 0;
    double busy_ms = 0;
    double launch_ms = 0;
    double synchronize_ms = 0;
    double gap_ms = 0;
    double kernels = 0;
    double waits = 0;  // synchronizing calls of the host
};
// Of the configurations that have been traced, in their order.
std::vector<IdleSplitRow> idle_split_by_config(std::span<const SampleRecord> records);

}  // namespace decodemeter
