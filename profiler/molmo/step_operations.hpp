// What LibTorch does in one decode step. No LibTorch in this header.
#pragma once

#include <cstdint>

#include "profiler/molmo/molmo.hpp"

namespace decodemeter::molmo {

struct StepOperations {
    // Calls of the dispatcher that compute: neither a view, an allocation, nor a call that consists
    // of others that are counted. One launch or more each on a GPU.
    int operations = 0;
    std::int64_t largest_allocation_bytes = 0;  // of memory that the step asked LibTorch for
};

// Runs generate() for a few tokens and counts in the last decode step. Only the calling thread is
// watched.
StepOperations count_step_operations(Molmo& model, const PreparedInput& input,
                                     GenerateOptions options);

}  // namespace decodemeter::molmo
