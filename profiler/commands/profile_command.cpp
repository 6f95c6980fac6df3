#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/knob_values.hpp"
#include "profiler/commands/model_options.hpp"
#include "profiler/commands/run_description.hpp"
#include "profiler/commands/sample_options.hpp"
#include "profiler/error/error.hpp"
#include "profiler/profile/profile.hpp"
#include "profiler/profile/warm_up.hpp"
#include "profiler/report/progress.hpp"

namespace decodemeter {

namespace {

// Set by the first Ctrl-C, so that the sample in flight is finished; the second ends the program.
std::atomic<bool> interrupted{false};

void on_interrupt(int) {
    interrupted = true;
    std::signal(SIGINT, SIG_DFL);
}

struct ProfileFlags {
    ModelFlags model;
    SampleFlags samples;
    std::string tier = "none";
    std::string top_k;
    std::string blocks;
    std::string block_importance;
    std::string output_lengths;
    std::string results_dir = "results/profile";
    std::string time_budget;
    std::string until_ci;
    std::string shard;
    bool no_warm_up = false;
    ProfileOptions options;
};

std::string read_text_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw InputError(path + ": cannot read");
    std::ostringstream text;
    text << stream.rdbuf();
    return std::move(text).str();
}

// With random weights an EOS means nothing, so lengths are drawn.
OutputLengths lengths_of(const ProfileFlags& flags, const molmo::Molmo& model) {
    if (!flags.output_lengths.empty()) return parse_output_lengths(flags.output_lengths);
    const bool random = model.weights_source().rfind("random", 0) == 0;
    return parse_output_lengths(random ? "dataset" : "natural");
}

KnobLists knob_lists(const ProfileFlags& flags, const molmo::Molmo& model) {
    KnobLists knobs;
    knobs.tiers = parse_tiers(flags.tier);
    if (!flags.top_k.empty()) knobs.top_k = parse_counts(flags.top_k, "--top_k");
    if (!flags.blocks.empty()) knobs.blocks = parse_counts(flags.blocks, "--blocks");
    knobs.max_crops = flags.options.max_crops;
    if (!flags.block_importance.empty()) {
        knobs.dropped_first =
            parse_block_order(read_text_file(flags.block_importance), flags.block_importance, model.config().layers);
    }
    return knobs;
}

// All that can be refused without loading a model.
void check_flags(ProfileFlags& flags) {
    parse_tiers(flags.tier);
    if (!flags.top_k.empty()) parse_counts(flags.top_k, "--top_k");
    if (!flags.blocks.empty()) parse_counts(flags.blocks, "--blocks");
    if (!flags.output_lengths.empty()) parse_output_lengths(flags.output_lengths);
    if (!flags.time_budget.empty()) flags.options.time_budget = parse_duration(flags.time_budget, "--time_budget");
    if (!flags.until_ci.empty()) flags.options.until_ci = parse_share(flags.until_ci, "--until_ci");
    if (!flags.shard.empty()) flags.options.shard = parse_shard(flags.shard);
    if (flags.options.max_new_tokens < 1) throw InputError("--max_new_tokens: give at least 1");
    if (flags.options.max_crops < 1) throw InputError("--max_crops: give at least 1");
    if (flags.options.repeats < 1) throw InputError("--repeats: give at least 1");
    check_results_directory(flags.results_dir);
}

RunHeader header_of(const ProfileFlags& flags, const molmo::Molmo& model,
                    const std::vector<Configuration>& configurations) {
    RunHeader header = describe_run(model, flags.model.device);
    header.stop_rule = {to_string(flags.options.lengths), flags.options.max_new_tokens, flags.options.seed};
    header.max_crops = flags.options.max_crops;
    header.block_rule = flags.block_importance.empty()
                            ? "prefix"
                            : "importance:" + std::filesystem::path(flags.block_importance).filename().string();
    header.order_seed = flags.options.seed;
    header.shard = flags.options.shard;
    for (const Configuration& configuration : configurations)
        header.knobs["configurations"].push_back(to_string(configuration.key));
    return header;
}

void print_report(const ProfileReport& report, const ProfileFlags& flags) {
    for (const auto& [reason, count] : report.skipped_samples) spdlog::warn("{} samples left out: {}", count, reason);
    for (const std::string& example : report.skipped_examples) spdlog::warn("  {}", example);
    if (!report.stopped.empty())
        spdlog::warn("stopped early: {}; start the same command again to go on", report.stopped);
    fmt::print("{} records measured, {} were there already, {} planned, in {}\n", report.measured, report.already_there,
               report.planned, flags.results_dir);
}

void profile(ProfileFlags& flags) {
    check_flags(flags);
    const std::vector<Sample> samples = read_samples(flags.samples, flags.options.seed);
    molmo::Molmo model = load_model(flags.model);
    flags.options.lengths = lengths_of(flags, model);
    const auto configurations = make_configurations(model, knob_lists(flags, model));
    RunHeader header = header_of(flags, model, configurations);
    RecordStore store(flags.results_dir, header);
    for (const std::string& repair : store.repairs()) spdlog::warn("{}", repair);
    if (store.resumed_records() > 0) spdlog::info("{} records are there already; going on", store.resumed_records());

    Instruments instruments(flags.options.max_new_tokens, flags.model.device == "cuda");
    if (!flags.no_warm_up) {
        header.warm_up = warm_up(model, samples, configurations, flags.options, instruments);
        store.update_header(header);
    }
    std::signal(SIGINT, on_interrupt);
    Progress bar("profile", static_cast<std::int64_t>(samples.size() * configurations.size()) * flags.options.repeats);
    ProfileHooks hooks;
    hooks.stop_requested = &interrupted;
    hooks.on_record = [&](const SampleRecord& record, std::int64_t done, std::int64_t) {
        bar.update(done, fmt::format("{} {}, {} steps of {:.2f} ms", record.dataset, to_string(record.config),
                                     record.decode_steps(), decode_per_step_mean_ms(record).value_or(0)));
    };
    const ProfileReport report = run_profile(model, samples, configurations, flags.options, instruments, store, hooks);
    bar.finish();
    print_report(report, flags);
    if (report.measured + report.already_there == 0) {
        throw InputError("no sample could be measured; the reasons are above");
    }
}

}  // namespace

void add_profile_command(CLI::App& app) {
    auto flags = std::make_shared<ProfileFlags>();
    CLI::App* command =
        app.add_subcommand("profile", "Run the model over samples and configurations; write one record for each");
    add_model_flags(*command, flags->model);
    add_sample_flags(*command, flags->samples);
    ProfileOptions& options = flags->options;
    command->add_option("--tier", flags->tier, "Image tiers: low,medium,high; none is Molmo's own tiling")
        ->capture_default_str();
    command->add_option("--top_k", flags->top_k, "Experts per token, as 4,8,12 (default: the model's own)");
    command->add_option("--blocks", flags->blocks, "Decoder blocks that run, as 8,16 (default: all)");
    command->add_option("--block_importance", flags->block_importance,
                        "File of block indices, the first to be left out first (default: the last ones go first)");
    command->add_option("--max_crops", options.max_crops, "Most tiles of an image; Molmo was trained with 12")
        ->capture_default_str();
    command->add_option("--max_new_tokens", options.max_new_tokens, "Most tokens of an answer")->capture_default_str();
    command->add_option("--output_lengths", flags->output_lengths,
                        "natural (stop at EOS), fixed:N, or dataset: drawn from the published lengths of the sample's "
                        "task (default: dataset for random weights, else natural)");
    command->add_option("--repeats", options.repeats, "Times that each sample meets each configuration")
        ->capture_default_str();
    command->add_option("--seed", options.seed, "Seed of the order and of drawn lengths")->capture_default_str();
    command->add_flag("--subtraction", options.subtraction,
                      "Also time vision, vision + prefill, and everything in runs of their own");
    command->add_flag("--keep_text", options.keep_text, "Write the answer's text into the record");
    command->add_option("--results_dir", flags->results_dir, "Where records go; a run that was stopped goes on there")
        ->capture_default_str();
    command->add_option("--time_budget", flags->time_budget, "Stop, balanced, after 90s, 8m or 1.5h");
    command->add_option("--until_ci", flags->until_ci,
                        "Stop when each configuration's step median is known to, for example, 1%");
    command->add_option("--shard", flags->shard, "Measure part i of n, as 2/4; join the parts with merge");
    command->add_flag("--no_warm_up", flags->no_warm_up, "Measure from the first run on");
    command->footer(
        "Examples:\n"
        "  decodemeter profile --samples photos --tier low,high --top_k 4,8 --results_dir results/first\n"
        "  decodemeter profile --images cat.jpg --prompt 'What is this?' --output_lengths fixed:32 --repeats 20\n"
        "  decodemeter profile --model ~/models/MolmoE-1B-0924 --device cuda --manifest questions.jsonl\n"
        "  decodemeter profile --model molmoe-1b --device cuda --samples photos --tier low,medium,high \\\n"
        "      --top_k 4,6,8,10,12 --blocks 8,10,12,14,16 --time_budget 8m --results_dir results/h100\n");
    command->callback([flags] { profile(*flags); });
}

}  // namespace decodemeter
