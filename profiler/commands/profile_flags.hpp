// The flags of profile.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "profiler/commands/model_options.hpp"
#include "profiler/commands/sample_options.hpp"
#include "profiler/molmo/model_description.hpp"
#include "profiler/profile/plan/profile_plan.hpp"
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

// What can be parsed, and refused, without a model. Throws InputError.
struct ParsedFlags {
    ProfileOptions options;  // but for the lengths, which depend on the model's weights
    KnobLists knobs;         // but for the order in which blocks are left out
    int traced_samples = 0;  // under each configuration
};
ParsedFlags parse_flags(const ProfileFlags& flags);

// The rest, for a model. Throws InputError for knobs that the model does not have.
struct ProfileSweep {
    std::vector<Configuration> configurations;
    std::vector<int> block_order;  // blocks to be left out first; empty: the last ones
    OutputLengths lengths;
};
ProfileSweep make_sweep(const ProfileFlags& flags, KnobLists knobs,
                        const molmo::ModelDescription& model);

// What run.json tells of the run before anything is measured.
RunHeader profile_header(const ProfileFlags& flags, const molmo::ModelDescription& model,
                         const ProfileSweep& sweep, const ProfileOptions& options);

}  // namespace decodemeter
