// What profile tells its user.
#pragma once

#include <string>
#include <vector>

#include "profiler/commands/profile_flags.hpp"
#include "profiler/profile/plan/remaining_run.hpp"
#include "profiler/profile/plan/request_identity.hpp"
#include "profiler/profile/profile.hpp"
#include "profiler/profile/run_estimate.hpp"

namespace decodemeter {

// Before the run: what is there already, and how it differs from what is asked for now.
void log_stored(const RemainingRun& rest, const std::vector<MovedSample>& moved,
                const StoredRecords& stored, const ProfileFlags& flags);

// After the run: samples left out, how it ended, how many records there are.
void print_report(const ProfileReport& report, const ProfileFlags& flags);

// Of --dry_run.
void print_estimate(const RunEstimate& estimate, const RemainingRun& rest, const ProfilePlan& plan,
                    const molmo::ModelDescription& model);

}  // namespace decodemeter
