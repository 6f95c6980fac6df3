// What profile tells its user.
#pragma once

#include <string>
#include <vector>

#include "profiler/commands/profile_flags.hpp"
#include "profiler/profile/request_identity.hpp"
#include "profiler/profile/run_estimate.hpp"
#include "profiler/profile/run_plan.hpp"

namespace decodemeter {

// Before the run: what is there already, and how it differs from what is asked for now.
void log_stored(const RunPlan& plan, const std::vector<MovedSample>& moved,
                const StoredRecords& stored, const ProfileFlags& flags);

// After the run: samples left out, how it ended, how many records there are.
void print_report(const ProfileReport& report, const ProfileFlags& flags);

// Of --dry_run.
void print_estimate(const RunEstimate& estimate, const RunPlan& plan, std::size_t samples,
                    const molmo::ModelDescription& model, const ProfileFlags& flags);

}  // namespace decodemeter
