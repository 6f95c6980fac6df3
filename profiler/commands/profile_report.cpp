#include "profiler/commands/profile_report.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "profiler/report/counted.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/report/table.hpp"

namespace decodemeter {

namespace {

void log_moved(const std::vector<MovedSample>& moved, const std::string& results_dir) {
    constexpr std::size_t shown = 3;
    for (std::size_t i = 0; i < std::min(moved.size(), shown); ++i) {
        const MovedSample& sample = moved[i];
        spdlog::warn(
            "sample {} of {} was {} and is {}: it is measured as sample {}; the records of the "
            "other one stay in {}",
            sample.from, sample.dataset, sample.was, sample.is, sample.to, results_dir);
    }
    if (moved.size() > shown)
        spdlog::warn("and {} more with another request than before", moved.size() - shown);
}

void log_skipped(const ProfileReport& report) {
    for (const auto& [reason, skipped] : report.skipped) {
        spdlog::warn("{} left out: {}", counted(skipped.count, "sample"), reason);
        for (const std::string& example : skipped.examples) spdlog::warn("  {}", example);
        const auto shown = static_cast<std::int64_t>(skipped.examples.size());
        if (skipped.count > shown) spdlog::warn("  and {} more", skipped.count - shown);
    }
}

void log_end(const ProfileReport& report, const ProfileFlags& flags) {
    const char* const go_on = "start the same command again to go on";
    switch (report.end) {
        case RunEnd::all_measured:
        case RunEnd::interrupted:
            return;
        case RunEnd::precision_reached:
            spdlog::info(
                "every configuration's step is known to {}, as --until_ci asks; nothing "
                "is left to do",
                flags.until_ci);
            return;
        case RunEnd::budget_spent:
            spdlog::warn("stopped early: the time budget is spent; {}", go_on);
            return;
        case RunEnd::budget_spent_in_first_round:
            spdlog::warn(
                "stopped early: the time budget is spent before one round over all configurations "
                "was done; {}",
                go_on);
            return;
    }
}

std::string duration_text(double seconds) {
    return format_duration(std::chrono::seconds(std::llround(seconds)));
}

void print_configurations(const RunEstimate& estimate) {
    Table table({"configuration", "prefill (ms)", "step (ms)", "records left", "time"});
    for (const ConfigurationEstimate& one : estimate.configurations) {
        table.add_row({to_string(one.key),
                       one.prefill_ms ? fmt::format("{:.1f}", *one.prefill_ms) : "–",
                       one.step_ms ? fmt::format("{:.2f}", *one.step_ms) : "–",
                       std::to_string(one.records), duration_text(one.seconds)});
    }
    fmt::print("{}\n", table.text(output_width()));
}

}  // namespace

void log_stored(const RemainingRun& rest, const std::vector<MovedSample>& moved,
                const StoredRecords& stored, const ProfileFlags& flags) {
    log_moved(moved, flags.results_dir);
    if (rest.already_there > 0 && rest.left_in_all() > 0)
        spdlog::info("{} of {} there already; going on", rest.already_there,
                     counted(rest.planned, "record"));
    if (stored.without_digest() > 0)
        spdlog::info(
            "{} without a request digest, by an earlier version: told apart by prompt and "
            "picture name alone",
            counted(static_cast<std::int64_t>(stored.without_digest()), "record"));
    if (stored.wrong_keys() > 0)
        spdlog::warn(
            "{} there with a key that names another request than its fields do: not known, "
            "measured again; the damaged lines stay in the file",
            counted(static_cast<std::int64_t>(stored.wrong_keys()), "record"));
    const auto lacking = [&](std::int64_t count, const char* flag, const char* what) {
        if (count == 0) return;
        spdlog::warn(
            "{} there already without {}: {} does not change them; choose another "
            "--results_dir to measure them again",
            counted(count, "record"), what, flag);
    };
    lacking(rest.without_subtraction, "--subtraction", "subtraction times");
    lacking(rest.without_text, "--keep_text", "the answer's text");
}

void print_report(const ProfileReport& report, const ProfileFlags& flags) {
    log_skipped(report);
    log_end(report, flags);
    for (const std::string& line : slow_step_lines(report.guard)) spdlog::warn("{}", line);
    std::int64_t left_out = 0;
    for (const auto& [reason, skipped] : report.skipped) left_out += skipped.count;
    fmt::print("{} measured, {} were there already, {} planned, in {}{}\n",
               counted(report.measured, "record"), report.already_there, report.planned,
               flags.results_dir,
               left_out > 0 ? fmt::format("; {} left out", counted(left_out, "sample")) : "");
}

void print_estimate(const RunEstimate& estimate, const RemainingRun& rest, const ProfilePlan& plan,
                    const molmo::ModelDescription& model) {
    if (!estimate.configurations.empty()) print_configurations(estimate);
    fmt::print("{} under {}: {} planned, {} already there, {} left, about {}\n",
               counted(static_cast<std::int64_t>(plan.samples.size()), "sample"),
               counted(static_cast<std::int64_t>(plan.configurations.size()), "configuration"),
               counted(rest.planned, "record"), rest.already_there, rest.left_in_all(),
               duration_text(estimate.seconds));
    const auto budget = plan.options.time_budget;
    if (budget && budget->count() < estimate.seconds) {
        const double share = budget->count() / estimate.seconds;
        fmt::print(
            "the time budget of {} lets about {:.0f} % of them be measured: {}\n",
            duration_text(budget->count()), 100 * share,
            counted(std::llround(share * static_cast<double>(rest.left_in_all())), "record"));
    }
    fmt::print("weights take {:.2f} GB\n", static_cast<double>(model.weight_bytes) / 1e9);
}

}  // namespace decodemeter
