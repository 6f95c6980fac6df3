// What a run of profile was asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "profiler/profile/plan/configurations.hpp"
#include "profiler/profile/plan/output_lengths.hpp"
#include "profiler/record/run_header.hpp"
#include "profiler/samples/sample.hpp"

namespace decodemeter {

struct ProfileOptions {
    int max_crops = 12;
    int max_new_tokens = 64;
    OutputLengths lengths;
    std::uint64_t seed = 3407;  // of the order and of drawn lengths
    int repeats = 1;
    bool subtraction = false;
    bool keep_text = false;
    std::optional<std::chrono::duration<double>> time_budget;
    // Half-width of the interval of each configuration's step median, as a fraction.
    std::optional<double> until_ci;
    Shard shard;
};

struct ProfilePlan {
    std::vector<Sample> samples;
    std::vector<Configuration> configurations;
    ProfileOptions options;
};

// Of the sample's answer, as the options have it.
int tokens_to_return(const ProfileOptions& options, const Sample& sample);

}  // namespace decodemeter
