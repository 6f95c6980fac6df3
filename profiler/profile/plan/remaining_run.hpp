// What a run still has to measure in a results directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile/plan/precision_goal.hpp"
#include "profiler/profile/plan/profile_plan.hpp"
#include "profiler/profile/plan/schedule.hpp"
#include "profiler/record/store/stored_records.hpp"

namespace decodemeter {

struct RemainingRun {
    std::vector<Round> rounds;             // of all jobs, in order
    PrecisionGoal goal;                    // with the step means that are there already
    std::vector<std::int64_t> left;        // jobs of each configuration to be measured
    std::vector<double> seconds_a_record;  // of each configuration, from what is there; 0: nothing
    std::int64_t planned = 0;              // jobs in all
    std::int64_t already_there = 0;
    std::int64_t without_subtraction = 0;  // of those there, where it is asked for
    std::int64_t without_text = 0;

    std::int64_t left_in_all() const;
};

// The samples must have been identified with what is stored.
RemainingRun remaining_run(const ProfilePlan& plan, const StoredRecords& stored);

// The number of a sample's n-th repeat (from 0) under a configuration: numbers that tracing passes
// of earlier versions have are passed over.
int repeat_number(const StoredRecords& stored, const Sample& sample, const ConfigKey& config,
                  int nth);

// Tracing passes that are not there yet. Samples whose picture cannot be read count as well.
std::int64_t tracing_passes_left(const ProfilePlan& plan, int samples_per_configuration,
                                 const StoredRecords& stored);

}  // namespace decodemeter
