#include "profiler/commands/profile_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "profiler/commands/checks/option_checks.hpp"
#include "profiler/commands/knob_values.hpp"
#include "profiler/profile/plan/configurations.hpp"
#include "profiler/profile/run_description.hpp"
#include "profiler/record/store/record_store.hpp"
#include "profiler/system/content_hash.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"

namespace decodemeter {

namespace {

constexpr int usual_max_new_tokens = 64;
constexpr std::uint64_t most_repeats = 1'000'000;  // rounds are planned in memory

// With random weights an EOS means nothing, so lengths are drawn.
OutputLengths lengths_of(const ProfileFlags& flags, const molmo::ModelDescription& model) {
    if (!flags.output_lengths.empty()) return parse_output_lengths(flags.output_lengths);
    const bool random = model.weights_source.starts_with("random");
    return parse_output_lengths(random ? "dataset" : "natural");
}

std::vector<int> read_block_order(const std::string& path, int blocks) {
    constexpr std::size_t most_bytes = std::size_t{1} << 20;
    std::vector<int> order = parse_block_order(read_input_file(path, most_bytes), path, blocks);
    if (order.empty()) {
        throw InputError(fmt::format(
            "--block_importance {}: holds no block indices; name at least the blocks that may be "
            "left out, the least important one first",
            path));
    }
    return order;
}

KnobLists parse_knobs(const ProfileFlags& flags) {
    KnobLists knobs;
    knobs.tiers = parse_tiers(flags.tier);
    if (!flags.top_k.empty()) knobs.top_k = parse_counts(flags.top_k, "--top_k");
    if (!flags.blocks.empty()) knobs.blocks = parse_counts(flags.blocks, "--blocks");
    knobs.max_crops = flags.options.max_crops;
    return knobs;
}

int max_new_tokens_of(const ProfileFlags& flags) {
    if (flags.output_lengths.empty()) return flags.max_new_tokens.value_or(usual_max_new_tokens);
    const OutputLengths lengths = parse_output_lengths(flags.output_lengths);
    if (flags.max_new_tokens && lengths.fixed > *flags.max_new_tokens) {
        throw InputError(fmt::format("--output_lengths {}: is above --max_new_tokens {}",
                                     flags.output_lengths, *flags.max_new_tokens));
    }
    return flags.max_new_tokens.value_or(std::max(usual_max_new_tokens, lengths.fixed));
}

void add_knob_flags(CLI::App& command, ProfileFlags& flags) {
    ProfileOptions& options = flags.options;
    command
        .add_option("--tier", flags.tier,
                    "Image tiers, such as low,medium,high; none is Molmo's own tiling")
        ->capture_default_str();
    command.add_option("--top_k", flags.top_k,
                       "Experts per token, such as 4,8,12 (default: the model's own)");
    command.add_option("--blocks", flags.blocks,
                       "Number of decoder blocks that run, such as 8,16 (default: all)");
    command.add_option("--block_importance", flags.block_importance,
                       "File of block indices, least important first (default: the last blocks are "
                       "dropped first)");
    command
        .add_option("--max_crops", options.max_crops,
                    "Maximum number of tiles of an image; Molmo was trained with 12")
        ->check(positive_int())
        ->capture_default_str();
    command
        .add_option("--max_new_tokens", flags.max_new_tokens,
                    "Maximum number of tokens of an answer (default: 64, or the N of "
                    "--output_lengths fixed:N)")
        ->check(positive_int());
    command.add_option("--output_lengths", flags.output_lengths,
                       "natural (stop at EOS), fixed:N, or dataset: drawn from the published "
                       "lengths of the sample's "
                       "task (default: dataset for random weights, else natural)");
}

void add_run_flags(CLI::App& command, ProfileFlags& flags) {
    ProfileOptions& options = flags.options;
    command
        .add_option("--repeats", options.repeats,
                    "How often each sample is measured under each configuration")
        ->check(whole_number(1, most_repeats))
        ->capture_default_str();
    command.add_option("--seed", options.seed, "Seed of the order and of the drawn lengths")
        ->check(seed_number())
        ->capture_default_str();
    command.add_flag("--subtraction", options.subtraction,
                     "Also time vision, vision + prefill, and the whole request in separate runs");
    command.add_flag("--keep_text", options.keep_text, "Write the answer's text into the record");
    command
        .add_option("--results_dir", flags.results_dir,
                    "Directory of the records; an interrupted run resumes there")
        ->capture_default_str();
    command.add_option("--time_budget", flags.time_budget,
                       "Stop after this time, such as 90s, 8m or 1.5h, with the same number of "
                       "samples for each configuration");
    command.add_option(
        "--until_ci", flags.until_ci,
        "Stop when the median step of each configuration is known to this precision, such as 1%");
    command.add_option("--shard", flags.shard,
                       "Measure part i of n, such as 2/4; merge joins the parts");
}

void add_extra_flags(CLI::App& command, ProfileFlags& flags) {
    command
        .add_option("--cupti", flags.cupti_samples,
                    "Then trace the first N samples under each configuration with CUPTI: busy and "
                    "idle time, kernels (default N: 1)")
        ->expected(0, 1)
        ->check(positive_int())
        ->default_str("1");
    command.add_flag("--traces", flags.traces,
                     "Write these passes as traces for ui.perfetto.dev to <results_dir>/traces");
    command.add_flag("--measure_overhead", flags.measure_overhead,
                     "First measure the overhead of the instrument");
    command.add_flag(
        "--dry_run", flags.dry_run,
        "Print what would be measured, how long it would take, and the memory it needs");
    command.add_flag("--no_warm_up", flags.no_warm_up, "Do not warm up");
}

}  // namespace

void add_profile_flags(CLI::App& command, ProfileFlags& flags) {
    add_model_flags(command, flags.model);
    add_sample_flags(command, flags.samples);
    add_knob_flags(command, flags);
    add_run_flags(command, flags);
    add_extra_flags(command, flags);
}

ParsedFlags parse_flags(const ProfileFlags& flags) {
    ParsedFlags parsed{flags.options, parse_knobs(flags), flags.cupti_samples};
    ProfileOptions& options = parsed.options;
    options.max_new_tokens = max_new_tokens_of(flags);
    if (flags.time_budget)
        options.time_budget = parse_duration(*flags.time_budget, "--time_budget");
    if (!flags.until_ci.empty()) options.until_ci = parse_share(flags.until_ci, "--until_ci");
    if (!flags.shard.empty()) options.shard = parse_shard(flags.shard);
    if (flags.traces) parsed.traced_samples = std::max(parsed.traced_samples, 1);
    if (!flags.dry_run) check_results_directory(flags.results_dir);
    return parsed;
}

ProfileSweep make_sweep(const ProfileFlags& flags, KnobLists knobs,
                        const molmo::ModelDescription& model) {
    ProfileSweep sweep;
    sweep.lengths = lengths_of(flags, model);
    if (!flags.block_importance.empty())
        sweep.block_order = read_block_order(flags.block_importance, model.config.layers);
    knobs.dropped_first = sweep.block_order;
    sweep.configurations = make_configurations(model, knobs);
    return sweep;
}

RunHeader profile_header(const ProfileFlags& flags, const molmo::ModelDescription& model,
                         const ProfileSweep& sweep, const ProfileOptions& options) {
    RunHeader header = describe_run(model, flags.model.device);
    header.stop_rule = {to_string(sweep.lengths), options.max_new_tokens, options.seed};
    header.max_crops = options.max_crops;
    if (!sweep.block_order.empty()) {
        ContentHash hash;
        for (const int block : sweep.block_order) hash.add_with_length(std::to_string(block));
        header.block_rule = "importance:" + hash.text();
        header.block_order = sweep.block_order;
    }
    header.order_seed = options.seed;
    header.shard = options.shard;
    for (const Configuration& configuration : sweep.configurations)
        header.knobs["configurations"].push_back(to_string(configuration.key));
    return header;
}

}  // namespace decodemeter
