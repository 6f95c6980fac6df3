#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "profiler/commands/command_list.hpp"
#include "profiler/commands/profile_flags.hpp"
#include "profiler/commands/profile_report.hpp"
#include "profiler/profile/first_touch.hpp"
#include "profiler/profile/operation_counts.hpp"
#include "profiler/profile/plan/remaining_run.hpp"
#include "profiler/profile/plan/request_identity.hpp"
#include "profiler/profile/run_estimate.hpp"
#include "profiler/profile/tracing.hpp"
#include "profiler/profile/warm_up.hpp"
#include "profiler/report/counted.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"
#include "profiler/system/interruption.hpp"

namespace decodemeter {

namespace {

// One start of profile, from the samples to the last record.
class ProfileStart {
public:
    ProfileStart(const ProfileFlags& flags, ParsedFlags parsed, const Interruption& interruption)
        : flags_(flags),
          interruption_(interruption),
          traced_samples_(parsed.traced_samples),
          plan_{read_samples(flags.samples, parsed.options.seed), {}, parsed.options},
          description_(describe_model(flags.model)),
          instruments_(parsed.options.max_new_tokens, gpu_of(flags.model.device)) {
        ProfileSweep sweep = make_sweep(flags, std::move(parsed.knobs), description_);
        header_ = profile_header(flags, description_, sweep, plan_.options);
        plan_.configurations = std::move(sweep.configurations);
        plan_.options.lengths = sweep.lengths;
        instruments_.describe(header_.device);
        header_.starts.back().device_uuid = header_.device.uuid;
        header_.absent = instruments_.absent();
    }

    void estimate() {
        StoredRecords stored = read_stored_records(flags_.results_dir, header_.shard);
        if (stored.size() > 0) existing_run(flags_.results_dir, header_);
        const auto moved = identify_samples(plan_.samples, stored);
        const RemainingRun rest = remaining_run(plan_, stored);
        log_stored(rest, moved, stored, flags_);
        std::optional<RunEstimate> estimate = estimate_from_records(plan_.configurations, rest);
        if (!estimate) {
            molmo::Molmo model = load();
            estimate = estimate_run(session(model), rest);
        }
        print_estimate(*estimate, rest, plan_, description_);
    }

    void measure() {
        RecordStore store(flags_.results_dir, header_);
        for (const std::string& repair : store.repairs()) spdlog::warn("{}", repair);
        for (const std::string& note : store.notes()) spdlog::warn("{}", note);
        const auto moved = identify_samples(plan_.samples, store.stored());
        if (!moved.empty() && !plan_.options.shard.whole()) refuse_moved(moved.front());
        RemainingRun rest = remaining_run(plan_, store.stored());
        log_stored(rest, moved, store.stored(), flags_);
        try {
            measure_rest(store, std::move(rest));
        } catch (const Interrupted&) {
            end_interrupted(store);
        }
    }

private:
    [[noreturn]] void refuse_moved(const MovedSample& sample) const {
        throw InputError(fmt::format(
            "{}: sample {} of {} was {} and is {}; the shards of a run need the same samples: "
            "choose another --results_dir, or merge the shards and go on without --shard",
            flags_.results_dir, sample.from, sample.dataset, sample.was, sample.is));
    }

    ProfileSession session(molmo::Molmo& model) { return {model, plan_, instruments_}; }

    void measure_rest(RecordStore& store, RemainingRun rest) {
        ProfileReport report{rest.planned, 0, rest.already_there, 0, {}, {}, RunEnd::all_measured};
        const bool records_left = rest.left_in_all() > 0;
        const bool passes_left =
            traced_samples_ > 0 && tracing_passes_left(plan_, traced_samples_, store.stored()) > 0;
        if (rest.goal.all_reached()) report.end = RunEnd::precision_reached;
        if (records_left || passes_left) {
            interruption_.check();
            molmo::Molmo model = load();
            prepare(model, store, records_left);
            if (records_left) report = run(model, store, std::move(rest));
            if (report.end == RunEnd::interrupted) throw Interrupted{};
            if (passes_left) trace(model, store);
        }
        print_report(report, flags_);
        if (report.measured + report.already_there == 0)
            throw InputError("no sample could be measured; the reasons are above");
    }

    molmo::Molmo load() const {
        return load_model(flags_.model, [this] { interruption_.check(); });
    }

    // What is measured once, before the records: warm-up, the instrument's own cost, a step's
    // operations.
    void prepare(molmo::Molmo& model, RecordStore& store, bool records_left) {
        const auto reference = choose_reference(plan_, most_expensive(plan_.configurations));
        if (!reference) return;
        if (!flags_.no_warm_up) {
            touch_first(model, *reference, plan_.configurations,
                        [this](const Configuration&) { interruption_.check(); });
            warm_up_model(model, *reference);
        }
        constexpr std::chrono::seconds counting_limit{5};
        header_.figures["operations_per_decode_step"] =
            to_json(count_operations(model, plan_.configurations, counting_limit));
        interruption_.check();
        if (flags_.measure_overhead) measure_overhead_of(model, *reference);
        if (records_left) store.update_header(header_);
    }

    void warm_up_model(molmo::Molmo& model, const ReferenceRun& reference) {
        constexpr int most_runs = SettlingRule{}.most_runs;
        Progress bar("warm-up", most_runs);
        header_.warm_up = warm_up(model, reference, instruments_, [&](const WarmUp& now) {
            interruption_.check();
            bar.update(now.agreed ? most_runs : now.runs,
                       fmt::format("windows differ by {:.1f} %", now.difference_percent));
        });
    }

    void measure_overhead_of(molmo::Molmo& model, const ReferenceRun& reference) {
        constexpr int blocks = 24;
        const Overhead overhead =
            measure_own_overhead(model, reference, instruments_, blocks, plan_.options.seed);
        header_.figures["overhead"] = overhead_json(overhead);
        fmt::print(
            "the instrument adds {:+.3f} % to a run of {:.1f} ms ({:.0f} %: {:+.3f} to {:+.3f} %; "
            "{} ABBA blocks)\n",
            overhead.percent, overhead.run_ms, 100 * overhead.confidence, overhead.lower_percent,
            overhead.upper_percent, overhead.blocks);
        interruption_.check();
    }

    ProfileReport run(molmo::Molmo& model, RecordStore& store, RemainingRun rest) {
        const std::int64_t planned = rest.planned;
        Progress bar("profile", planned, stderr, rest.already_there);
        ProfileHooks hooks;
        hooks.stop_requested = [this] { return interruption_.requested(); };
        hooks.on_record = [&](const SampleRecord& record, std::int64_t done, std::int64_t) {
            bar.update(done,
                       fmt::format("{} {}, {} of {:.2f} ms", record.dataset,
                                   to_string(record.config), counted(record.decode_steps(), "step"),
                                   decode_per_step_mean_ms(record).value_or(0)));
        };
        ProfileReport report = run_profile(session(model), store, std::move(rest), hooks);
        if (report.end == RunEnd::all_measured) bar.update(planned);
        bar.finish();
        return report;
    }

    void trace(molmo::Molmo& model, RecordStore& store) {
        const TracingOptions tracing{traced_samples_, flags_.results_dir, flags_.traces,
                                     [this] { interruption_.check(); }};
        const TracingReport report = run_tracing(session(model), store, tracing);
        header_.versions.cupti = report.version;
        if (!report.warning.empty()) spdlog::warn("CUPTI: {}", report.warning);
        if (!report.refused.empty()) {
            header_.absent["cupti"] = report.refused;
            spdlog::warn("CUPTI: {}; steps have no busy time", report.refused);
        }
        if (!report.no_event_times.empty())
            header_.absent["cupti.event_span_ms"] = report.no_event_times;
        fmt::print("{}, kept apart from the measured records\n",
                   counted(report.passes, "tracing pass", "tracing passes"));
        store.update_header(header_);
    }

    [[noreturn]] void end_interrupted(const RecordStore& store) const {
        const RemainingRun rest = remaining_run(plan_, store.stored());
        spdlog::warn("interrupted by {}: {} of {} are in {}; start the same command again to go on",
                     interruption_.signal_name(), rest.already_there,
                     counted(rest.planned, "record"), flags_.results_dir);
        throw ExitCode{interruption_.exit_code()};
    }

    const ProfileFlags& flags_;
    const Interruption& interruption_;
    int traced_samples_;
    ProfilePlan plan_;
    molmo::ModelDescription description_;
    Instruments instruments_;
    RunHeader header_;
};

void profile(const ProfileFlags& flags) {
    ParsedFlags parsed = parse_flags(flags);
    const Interruption interruption;
    try {
        ProfileStart start(flags, std::move(parsed), interruption);
        if (flags.dry_run) start.estimate();
        else start.measure();
    } catch (const Interrupted&) {
        spdlog::warn("interrupted by {}", interruption.signal_name());
        throw ExitCode{interruption.exit_code()};
    }
}

}  // namespace

void add_profile_command(CLI::App& app) {
    auto flags = std::make_shared<ProfileFlags>();
    CLI::App* command = app.add_subcommand(
        "profile",
        "Run the model on samples under each configuration and write one record per sample");
    add_profile_flags(*command, *flags);
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
