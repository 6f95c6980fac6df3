// Runs the model over samples and configurations and stores one record for each. Composition only:
// the parts are samples, molmo, timing and record.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "profiler/profile/measure.hpp"
#include "profiler/profile/plan/remaining_run.hpp"
#include "profiler/profile/profile_session.hpp"
#include "profiler/record/store/record_store.hpp"
#include "profiler/timing/step_guard.hpp"

namespace decodemeter {

// The sample under the configuration, as `options` have it.
MeasureRequest make_request(const Sample& sample, const molmo::Image* image,
                            const Configuration& configuration, const ProfileOptions& options,
                            int repeat);

// Writes into the record what tells its request from others.
void add_request_identity(SampleRecord& record, const Sample& sample);

struct SkippedSamples {
    std::int64_t count = 0;
    std::vector<std::string> examples;  // the first few: sample, file, what is wrong
};

enum class RunEnd {
    all_measured,
    precision_reached,  // every configuration's step is known as well as was asked
    budget_spent,
    budget_spent_in_first_round,  // so the configurations are not balanced
    interrupted
};

struct ProfileReport {
    std::int64_t planned = 0;
    std::int64_t measured = 0;
    std::int64_t already_there = 0;
    std::int64_t not_needed = 0;  // left out, because the configuration is known well enough
    std::map<std::string, SkippedSamples> skipped;  // by reason
    StepGuard guard;                                // of the records that were measured
    RunEnd end = RunEnd::all_measured;
};

// Hooks of the caller; all may be empty.
struct ProfileHooks {
    std::function<void(const SampleRecord&, std::int64_t done, std::int64_t planned)> on_record;
    std::function<bool()> stop_requested;  // asked between samples
};

// Measures what the store does not hold yet, round by round, as `rest` has it. A sample whose image
// cannot be read is left out and counted. Throws std::system_error when a record cannot be written;
// what was written before stays.
ProfileReport run_profile(const ProfileSession& session, RecordStore& store, RemainingRun rest,
                          const ProfileHooks& hooks);

}  // namespace decodemeter
