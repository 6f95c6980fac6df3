// Runs the model over samples and configurations and stores one record for each. Composition only:
// the parts are samples, molmo, timing and record.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/profile/configurations.hpp"
#include "profiler/profile/instruments.hpp"
#include "profiler/profile/measure.hpp"
#include "profiler/profile/output_lengths.hpp"
#include "profiler/record/store/record_store.hpp"
#include "profiler/samples/sample.hpp"
#include "profiler/timing/step_guard.hpp"

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
    std::optional<double>
        until_ci;  // half-width of the interval of each configuration's step median, as a fraction
    Shard shard;
};

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

struct RunPlan;

// Measures what the store does not hold yet, round by round, as `plan` has it. Fills in the digests
// of the samples that it reads. A sample whose image cannot be read is left out and counted. Throws
// std::system_error when a record cannot be written; what was written before stays.
ProfileReport run_profile(molmo::Molmo& model, std::vector<Sample>& samples,
                          const std::vector<Configuration>& configurations,
                          const ProfileOptions& options, Instruments& instruments,
                          RecordStore& store, RunPlan plan, const ProfileHooks& hooks);

}  // namespace decodemeter
