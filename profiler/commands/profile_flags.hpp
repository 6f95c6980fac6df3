// The flags of profile.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "profiler/commands/model_options.hpp"
#include "profiler/commands/sample_options.hpp"
#include "profiler/molmo/model_description.hpp"
#include "profiler/profile/profile.hpp"
#include "profiler/record/run_header.hpp"

namespace decodemeter {

struct ProfileFlags {
    ModelFlags model;
    SampleFlags samples;
    std::string tier = "none";
    std::string top_k;
    std::string blocks;
    std::string block_importance;
    std::optional<int> max_new_tokens;
    std::string output_lengths;
    std::string results_dir = "results/profile";
    std::optional<std::string> time_budget;
    std::string until_ci;
    std::string shard;
    bool no_warm_up = false;
    bool dry_run = false;
    bool measure_overhead = false;
    int cupti_samples = 0;
    bool traces = false;
    ProfileOptions options;
};

void add_profile_flags(CLI::App& command, ProfileFlags& flags);

// Refuses what can be refused without a model, and fills in the options that need none. Throws
// InputError.
void check_profile_flags(ProfileFlags& flags);

// The rest of the options: the configurations, and `options.lengths` and `block_order` for the run
// header. Throws InputError for knobs that the model does not have.
struct ProfileSweep {
    std::vector<Configuration> configurations;
    std::vector<int> block_order;  // blocks to be left out first; empty: the last ones
};
ProfileSweep make_sweep(ProfileFlags& flags, const molmo::ModelDescription& model);

// What run.json tells of the run before anything is measured.
RunHeader profile_header(const ProfileFlags& flags, const molmo::ModelDescription& model,
                         const ProfileSweep& sweep);

}  // namespace decodemeter
