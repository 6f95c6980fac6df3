// How many operations of LibTorch a decode step makes under each configuration.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "profiler/molmo/step_operations.hpp"
#include "profiler/profile/plan/configurations.hpp"

namespace decodemeter {

struct OperationCount {
    int top_k = 0;
    int active_blocks = 0;
    molmo::StepOperations step;
};

// Of each top_k and number of blocks once (a tier changes no decode step), the most expensive
// first, until `limit` is over; of the first in any case. The prompt is text.
std::vector<OperationCount> count_operations(molmo::Molmo& model,
                                             std::vector<Configuration> configurations,
                                             std::chrono::seconds limit);

// As run.json has them: [{"top_k", "blocks", "operations", "largest_allocation_bytes"}].
std::string to_json(const std::vector<OperationCount>& counts);

}  // namespace decodemeter
