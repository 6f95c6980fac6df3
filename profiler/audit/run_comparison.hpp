// Two runs of the same thing, configuration by configuration: did the change help?
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "profiler/record/record_reader.hpp"
#include "profiler/statistics/comparison.hpp"

namespace decodemeter {

// One time of both runs. Samples that both have measured are compared pair by pair; where there are
// too few of them, all samples of the one are compared with all of the other.
struct TimeComparison {
    double a_ms = 0;  // medians of what was compared; NaN for nothing
    double b_ms = 0;
    Comparison result;
};

struct ConfigComparison {
    ConfigKey config;
    TimeComparison step;     // T_LLM_decode / (N - 1)
    TimeComparison prefill;  // T_LLM_prefill
};

struct RunComparison {
    std::vector<ConfigComparison> configs;  // those in both runs
    TimeComparison step;                    // of all configurations together, by the pairs
    std::vector<std::string>
        only_in_one;  // configurations that only one run has: "high_8_16 (only in A)"
    std::vector<std::string> differences;  // of the run headers
    double same_within = 0.01;
};

// Throws InputError when no configuration is in both.
RunComparison compare_runs(const RecordSet& a, const RecordSet& b, double same_within = 0.01);

std::string comparison_text(const RunComparison& comparison);
std::string comparison_json(const RunComparison& comparison);

}  // namespace decodemeter
