// What LibTorch does in one decode step. No LibTorch in this header.
#pragma once

#include <cstdint>

#include "profiler/molmo/molmo.hpp"

namespace decodemeter::molmo {

struct StepOperations {
    int operations = 0;  // calls of the dispatcher, one launch or more each on a GPU
    std::int64_t largest_allocation_bytes = 0;  // of memory that the step asked LibTorch for
};

// Runs generate() for a few tokens and counts in the last decode step. Only the calling thread is
// watched.
StepOperations count_step_operations(Molmo& model, const PreparedInput& input,
                                     GenerateOptions options);

}  // namespace decodemeter::molmo
