// Did the machine run the same way all the time? Drift over the run, and configurations whose steps
// fall into two groups.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

struct DriftFinding {
    double change_percent = 0;  // of a step's cost from the first to the last sample
    double p = 1;
    std::size_t samples = 0;
    bool found = false;
};

struct BimodalGroup {
    std::string name;  // data set and configuration
    double lower_ms = 0;
    double upper_ms = 0;
    double upper_share = 0;  // of the samples
    std::size_t samples = 0;
};

struct Stability {
    std::optional<DriftFinding> drift;  // none: too few samples
    std::vector<BimodalGroup> bimodal;
    std::size_t groups_tested = 0;  // data sets by configurations with enough samples
    std::size_t outliers =
        0;  // samples over 6 robust standard deviations from their group's median
};

// Judged on T_LLM_decode / (N - 1) of each record, with what goes with the context length within
// its data set and configuration taken out.
Stability audit_stability(std::span<const SampleRecord> records);

}  // namespace decodemeter
