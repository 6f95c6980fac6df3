#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cmath>
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
#include "profiler/profile/operation_counts.hpp"
#include "profiler/profile/profile.hpp"
#include "profiler/profile/run_estimate.hpp"
#include "profiler/profile/tracing.hpp"
#include "profiler/profile/warm_up.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/report/table.hpp"

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
    bool dry_run = false;
    bool measure_overhead = false;
    int cupti_samples = 0;
    bool traces = false;
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
        knobs.dropped_first = parse_block_order(read_text_file(flags.block_importance),
                                                flags.block_importance, model.config().layers);
    }
    return knobs;
}

// All that can be refused without loading a model.
void check_flags(ProfileFlags& flags) {
    parse_tiers(flags.tier);
    if (!flags.top_k.empty()) parse_counts(flags.top_k, "--top_k");
    if (!flags.blocks.empty()) parse_counts(flags.blocks, "--blocks");
    if (!flags.output_lengths.empty()) parse_output_lengths(flags.output_lengths);
    if (!flags.time_budget.empty())
        flags.options.time_budget = parse_duration(flags.time_budget, "--time_budget");
    if (!flags.until_ci.empty()) flags.options.until_ci = parse_share(flags.until_ci, "--until_ci");
    if (!flags.shard.empty()) flags.options.shard = parse_shard(flags.shard);
    if (flags.options.max_new_tokens < 1) throw InputError("--max_new_tokens: give at least 1");
    if (flags.options.max_crops < 1) throw InputError("--max_crops: give at least 1");
    if (flags.options.repeats < 1) throw InputError("--repeats: give at least 1");
    if (flags.traces && flags.cupti_samples == 0) flags.cupti_samples = 1;
    if (!flags.dry_run) check_results_directory(flags.results_dir);
}

RunHeader header_of(const ProfileFlags& flags, const molmo::Molmo& model,
                    const std::vector<Configuration>& configurations) {
    RunHeader header = describe_run(model, flags.model.device);
    header.stop_rule = {to_string(flags.options.lengths), flags.options.max_new_tokens,
                        flags.options.seed};
    header.max_crops = flags.options.max_crops;
    header.block_rule =
        flags.block_importance.empty()
            ? "prefix"
            : "importance:" + std::filesystem::path(flags.block_importance).filename().string();
    header.order_seed = flags.options.seed;
    header.shard = flags.options.shard;
    for (const Configuration& configuration : configurations)
        header.knobs["configurations"].push_back(to_string(configuration.key));
    return header;
}

void print_report(const ProfileReport& report, const ProfileFlags& flags) {
    for (const auto& [reason, count] : report.skipped_samples)
        spdlog::warn("{} samples left out: {}", count, reason);
    for (const std::string& example : report.skipped_examples) spdlog::warn("  {}", example);
    if (!report.stopped.empty())
        spdlog::warn("stopped early: {}; start the same command again to go on", report.stopped);
    fmt::print("{} records measured, {} were there already, {} planned, in {}\n", report.measured,
               report.already_there, report.planned, flags.results_dir);
}

void print_estimate(const RunEstimate& estimate, const molmo::Molmo& model,
                    const std::vector<Sample>& samples) {
    Table table({"configuration", "prefill (ms)", "step (ms)", "all samples"});
    for (const ConfigurationEstimate& one : estimate.configurations) {
        table.add_row({to_string(one.key), fmt::format("{:.1f}", one.prefill_ms),
                       fmt::format("{:.2f}", one.step_ms),
                       format_duration(std::chrono::seconds(std::llround(one.seconds)))});
    }
    fmt::print(
        "{}\n{} samples under {} configurations: {} records in about {}; weights take {:.2f} GB\n",
        table.text(), samples.size(), estimate.configurations.size(), estimate.records,
        format_duration(std::chrono::seconds(std::llround(estimate.seconds))),
        static_cast<double>(model.weight_bytes()) / 1e9);
}

// What is measured once, before the records: warm-up, the instrument's own cost, a step's
// operations.
void prepare_run(molmo::Molmo& model, const ReferenceRun& reference,
                 const std::vector<Configuration>& configurations, const ProfileFlags& flags,
                 Instruments& instruments, RunHeader& header) {
    if (!flags.no_warm_up) {
        constexpr int most_runs = SettlingRule{}.most_runs;
        Progress bar("warm-up", most_runs);
        header.warm_up = warm_up(model, reference, instruments, [&](const WarmUp& now) {
            bar.update(now.agreed ? most_runs : now.runs,
                       fmt::format("windows differ by {:.1f} %", now.difference_percent));
        });
    }
    constexpr std::chrono::seconds counting_limit{5};
    header.figures["operations_per_decode_step"] =
        to_json(count_operations(model, configurations, counting_limit));
    if (!flags.measure_overhead) return;
    constexpr int blocks = 24;
    const Overhead overhead =
        measure_own_overhead(model, reference, instruments, blocks, flags.options.seed);
    header.figures["overhead"] = overhead_json(overhead);
    fmt::print(
        "the instrument adds {:+.3f} % to a run of {:.1f} ms ({:.0f} %: {:+.3f} to {:+.3f} %; {} "
        "ABBA blocks)\n",
        overhead.percent, overhead.run_ms, 100 * overhead.confidence, overhead.lower_percent,
        overhead.upper_percent, overhead.blocks);
}

void trace(molmo::Molmo& model, const std::vector<Sample>& samples,
           const std::vector<Configuration>& configurations, const ProfileFlags& flags,
           Instruments& instruments, RecordStore& store, RunHeader& header) {
    const TracingOptions tracing{flags.cupti_samples, flags.results_dir, flags.traces};
    const TracingReport report =
        run_tracing(model, samples, configurations, flags.options, tracing, instruments, store);
    header.versions.cupti = report.version;
    if (!report.warning.empty()) spdlog::warn("CUPTI: {}", report.warning);
    if (!report.refused.empty()) {
        header.absent["cupti"] = report.refused;
        spdlog::warn("CUPTI: {}; steps have no busy time", report.refused);
    }
    if (!report.no_event_times.empty())
        header.absent["cupti.event_span_ms"] = report.no_event_times;
    fmt::print("{} tracing passes, kept apart from the measured records\n", report.passes);
}

ProfileReport run_with_progress(molmo::Molmo& model, const std::vector<Sample>& samples,
                                const std::vector<Configuration>& configurations,
                                const ProfileFlags& flags, Instruments& instruments,
                                RecordStore& store) {
    std::signal(SIGINT, on_interrupt);
    Progress bar("profile", static_cast<std::int64_t>(samples.size() * configurations.size()) *
                                flags.options.repeats);
    ProfileHooks hooks;
    hooks.stop_requested = &interrupted;
    hooks.on_record = [&](const SampleRecord& record, std::int64_t done, std::int64_t) {
        bar.update(done, fmt::format("{} {}, {} steps of {:.2f} ms", record.dataset,
                                     to_string(record.config), record.decode_steps(),
                                     decode_per_step_mean_ms(record).value_or(0)));
    };
    ProfileReport report =
        run_profile(model, samples, configurations, flags.options, instruments, store, hooks);
    bar.finish();
    return report;
}

void profile(ProfileFlags& flags) {
    check_flags(flags);
    const std::vector<Sample> samples = read_samples(flags.samples, flags.options.seed);
    molmo::Molmo model = load_model(flags.model);
    flags.options.lengths = lengths_of(flags, model);
    const auto configurations = make_configurations(model, knob_lists(flags, model));
    Instruments instruments(flags.options.max_new_tokens, flags.model.device == "cuda");
    if (flags.dry_run) {
        print_estimate(estimate_run(model, samples, configurations, flags.options, instruments),
                       model, samples);
        return;
    }
    RunHeader header = header_of(flags, model, configurations);
    instruments.describe(header.device);
    header.absent = instruments.absent();
    RecordStore store(flags.results_dir, header);
    for (const std::string& repair : store.repairs()) spdlog::warn("{}", repair);
    if (store.resumed_records() > 0)
        spdlog::info("{} records are there already; going on", store.resumed_records());

    if (const auto reference = choose_reference(samples, configurations, flags.options)) {
        prepare_run(model, *reference, configurations, flags, instruments, header);
        store.update_header(header);
    }
    const ProfileReport report =
        run_with_progress(model, samples, configurations, flags, instruments, store);
    if (flags.cupti_samples > 0 && report.stopped != "interrupted") {
        trace(model, samples, configurations, flags, instruments, store, header);
        store.update_header(header);
    }
    print_report(report, flags);
    if (report.measured + report.already_there == 0) {
        throw InputError("no sample could be measured; the reasons are above");
    }
}

}  // namespace

void add_profile_command(CLI::App& app) {
    auto flags = std::make_shared<ProfileFlags>();
    CLI::App* command = app.add_subcommand(
        "profile", "Run the model over samples and configurations; write one record for each");
    add_model_flags(*command, flags->model);
    add_sample_flags(*command, flags->samples);
    ProfileOptions& options = flags->options;
    command
        ->add_option("--tier", flags->tier,
                     "Image tiers: low,medium,high; none is Molmo's own tiling")
        ->capture_default_str();
    command->add_option("--top_k", flags->top_k,
                        "Experts per token, as 4,8,12 (default: the model's own)");
    command->add_option("--blocks", flags->blocks,
                        "Decoder blocks that run, as 8,16 (default: all)");
    command->add_option(
        "--block_importance", flags->block_importance,
        "File of block indices, the first to be left out first (default: the last ones go first)");
    command
        ->add_option("--max_crops", options.max_crops,
                     "Most tiles of an image; Molmo was trained with 12")
        ->capture_default_str();
    command->add_option("--max_new_tokens", options.max_new_tokens, "Most tokens of an answer")
        ->capture_default_str();
    command->add_option("--output_lengths", flags->output_lengths,
                        "natural (stop at EOS), fixed:N, or dataset: drawn from the published "
                        "lengths of the sample's "
                        "task (default: dataset for random weights, else natural)");
    command
        ->add_option("--repeats", options.repeats,
                     "Times that each sample meets each configuration")
        ->capture_default_str();
    command->add_option("--seed", options.seed, "Seed of the order and of drawn lengths")
        ->capture_default_str();
    command->add_flag("--subtraction", options.subtraction,
                      "Also time vision, vision + prefill, and everything in runs of their own");
    command->add_flag("--keep_text", options.keep_text, "Write the answer's text into the record");
    command
        ->add_option("--results_dir", flags->results_dir,
                     "Where records go; a run that was stopped goes on there")
        ->capture_default_str();
    command->add_option("--time_budget", flags->time_budget,
                        "Stop, balanced, after 90s, 8m or 1.5h");
    command->add_option("--until_ci", flags->until_ci,
                        "Stop when each configuration's step median is known to, for example, 1%");
    command->add_option("--shard", flags->shard,
                        "Measure part i of n, as 2/4; join the parts with merge");
    command
        ->add_option("--cupti", flags->cupti_samples,
                     "Afterwards trace the first N samples under each configuration: busy and idle "
                     "time, kernels (default N: 1)")
        ->expected(0, 1)
        ->default_str("1");
    command->add_flag(
        "--traces", flags->traces,
        "Write each of those as a trace for ui.perfetto.dev, to <results_dir>/traces");
    command->add_flag("--measure_overhead", flags->measure_overhead,
                      "First measure what the instrument itself costs");
    command->add_flag("--dry_run", flags->dry_run,
                      "Only say what would be measured, how long it would take and what memory");
    command->add_flag("--no_warm_up", flags->no_warm_up, "Measure from the first run on");
    command->footer(
        "Examples:\n"
        "  decodemeter profile --samples photos --tier low,high --top_k 4,8 --results_dir "
        "results/first\n"
        "  decodemeter profile --images cat.jpg --prompt 'What is this?' --output_lengths fixed:32 "
        "--repeats 20\n"
        "  decodemeter profile --model ~/models/MolmoE-1B-0924 --device cuda --manifest "
        "questions.jsonl\n"
        "  decodemeter profile --model molmoe-1b --device cuda --samples photos --tier "
        "low,medium,high \\\n"
        "      --top_k 4,6,8,10,12 --blocks 8,10,12,14,16 --time_budget 8m --results_dir "
        "results/h100\n");
    command->callback([flags] { profile(*flags); });
}

}  // namespace decodemeter
