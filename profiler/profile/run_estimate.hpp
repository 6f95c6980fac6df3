// What the rest of a run would take, before it is started.
#pragma once

#include <optional>
#include <vector>

#include "profiler/profile/plan/remaining_run.hpp"
#include "profiler/profile/profile_session.hpp"

namespace decodemeter {

struct ConfigurationEstimate {
    ConfigKey key;
    // Of a run made for the estimate; none where it comes from records that are there.
    std::optional<double> prefill_ms;  // all before the first decode step, preprocessing included
    std::optional<double> step_ms;
    std::int64_t records = 0;  // that are left
    double seconds = 0;        // of those
};

struct RunEstimate {
    std::vector<ConfigurationEstimate> configurations;  // with records left
    double seconds = 0;
};

// From what the records took that are there already; none where a configuration with records left
// has none yet, so that the model must run.
std::optional<RunEstimate> estimate_from_records(const std::vector<Configuration>& configurations,
                                                 const RemainingRun& rest);

// From a short answer to the first usable sample under each configuration, and the lengths that the
// others will have. A `natural` length is taken as --max_new_tokens. Throws InputError where no
// sample can be used.
RunEstimate estimate_run(const ProfileSession& session, const RemainingRun& rest);

}  // namespace decodemeter
