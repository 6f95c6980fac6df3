// A decode step beside the time that its bytes take to stream from memory.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "profiler/audit/steps/idle_split.hpp"
#include "profiler/record/store/record_reader.hpp"

namespace decodemeter {

// Bytes of weights that one decode step reads: values * [ L (attention + bias + norms +
// feed-forward) + d + V d + d ], with router and top_k experts in a mixture of experts. 2.358 GB
// for MolmoE-1B in bfloat16 at top_k 8. None where run.json does not say the model's sizes.
std::optional<double> step_weight_bytes(const ModelInfo& model, int top_k, int blocks);

// Bytes of keys and values that a step at this context length reads.
std::optional<double> step_cache_bytes(const ModelInfo& model, int blocks, double context);

// Of the memory, from the vendor's data sheet; none for a device that is not in the list, and for
// CPUs.
std::optional<double> memory_gb_per_s(std::string_view device_name);

struct StepFloorRow {
    ConfigKey config;
    std::size_t samples = 0;
    double step_ms = 0;              // median over samples of the mean step
    double gigabytes = 0;            // weights, and keys and values at the samples' mean context
    double gb_per_s = 0;             // gigabytes over step_ms: what the step makes of the memory
    std::optional<double> floor_ms;  // gigabytes over the memory's speed
    // Of one step: LibTorch's operations, as run.json has them; kernels and host waits of the
    // tracing passes.
    std::optional<int> operations;
    std::optional<double> kernels;
    std::optional<double> waits;
};

// By configuration, in their order, with what was traced of them; empty for records without a run
// header that names the model's sizes.
std::vector<StepFloorRow> step_floors(const RecordSet& set, std::span<const IdleSplitRow> traced);

}  // namespace decodemeter
