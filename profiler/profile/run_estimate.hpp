// What a run would take, before it is started.
#pragma once

#include <vector>

#include "profiler/profile/profile.hpp"

namespace decodemeter {

struct ConfigurationEstimate {
    ConfigKey key;
    double prefill_ms = 0;  // all before the first decode step, preprocessing included
    double step_ms = 0;
    double seconds = 0;  // of all samples and repeats
};

struct RunEstimate {
    std::vector<ConfigurationEstimate> configurations;
    std::int64_t records = 0;
    double seconds = 0;
};

// From a short answer to the first usable sample under each configuration, and the lengths that the
// others will have. A `natural` length is taken as --max_new_tokens. Throws InputError where no
// sample can be used.
RunEstimate estimate_run(molmo::Molmo& model, const std::vector<Sample>& samples,
                         const std::vector<Configuration>& configurations,
                         const ProfileOptions& options, Instruments& instruments);

}  // namespace decodemeter
