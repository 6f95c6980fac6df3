// Runs the model over samples and configurations and stores one record for each. Composition only: the parts are
// samples, molmo, timing and record.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/molmo/molmo.hpp"
#include "profiler/profile/output_lengths.hpp"
#include "profiler/record/record_store.hpp"
#include "profiler/samples/sample.hpp"

namespace decodemeter {

// The knob lists of a run; every combination is a configuration.
struct KnobLists {
    std::vector<std::optional<Tier>> tiers = {std::nullopt};
    std::vector<int> top_k;   // empty: the model's own
    std::vector<int> blocks;  // empty: all
};

struct ProfileOptions {
    KnobLists knobs;
    std::vector<int> block_importance;  // block indices, least important first; empty: the first K blocks run
    int max_crops = 12;
    int max_new_tokens = 64;
    OutputLengths lengths;
    std::uint64_t seed = 3407;  // of the order and of drawn lengths
    int repeats = 1;
    bool subtraction = false;
    bool keep_text = false;
    std::optional<std::chrono::duration<double>> time_budget;
    std::optional<double> until_ci;  // half-width of each configuration's interval, as a fraction
    Shard shard;
};

// All combinations of the knob lists. Throws InputError for a knob that the model does not have.
struct Configuration {
    ConfigKey key;
    std::vector<int> active_blocks;
};
std::vector<Configuration> make_configurations(const molmo::Molmo& model, const ProfileOptions& options);

// The blocks that run when `count` of `total` do: the first ones, or all but the least important.
std::vector<int> choose_blocks(int count, int total, const std::vector<int>& least_important_first);

struct ProfileReport {
    std::int64_t measured = 0;
    std::int64_t already_there = 0;
    std::map<std::string, std::int64_t> skipped_samples;  // by reason
    std::vector<std::string> skipped_examples;
    std::string stopped;  // why the run ended before all was measured; empty: all was
    std::int64_t planned = 0;
};

// Hooks of the caller; all may be empty.
struct ProfileHooks {
    std::function<void(const SampleRecord&, std::int64_t done, std::int64_t planned)> on_record;
    const std::atomic<bool>* stop_requested = nullptr;  // looked at between samples
};

// Measures what the store does not hold yet. A sample whose image cannot be read is left out, counted and said.
// Throws std::system_error when a record cannot be written; what was written before stays.
ProfileReport run_profile(molmo::Molmo& model, const std::vector<Sample>& samples, const std::vector<Configuration>& configurations,
                          const ProfileOptions& options, RecordStore& store, const ProfileHooks& hooks);

}  // namespace decodemeter
