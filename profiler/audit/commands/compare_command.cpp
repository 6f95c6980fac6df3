#include "profiler/audit/commands/compare_command.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <memory>
#include <set>

#include "profiler/audit/commands/audit_command.hpp"
#include "profiler/audit/compare/run_comparison.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/report_file.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

struct CompareArguments {
    std::vector<std::filesystem::path> results;
    std::filesystem::path html;
    CompareFlags flags;
};

void check_numbers(const CompareFlags& flags) {
    if (!(flags.same_within_percent > 0 && std::isfinite(flags.same_within_percent)))
        throw InputError("--same_within_percent: give a number above 0");
    if (flags.run_level_percent &&
        !(*flags.run_level_percent >= 0 && *flags.run_level_percent < 100))
        throw InputError("--run_level_percent: give a number from 0 to below 100");
}

ComparisonOptions options_of(const CompareFlags& flags) {
    ComparisonOptions options;
    options.same_within = flags.same_within_percent / 100;
    if (flags.run_level_percent) options.run_level = *flags.run_level_percent / 100;
    return options;
}

// A run beside itself would look like a run-to-run deviation of 0.
void require_different(const std::vector<std::filesystem::path>& directories) {
    std::set<std::filesystem::path> seen;
    for (const auto& directory : directories) {
        if (!seen.insert(std::filesystem::weakly_canonical(directory)).second)
            throw InputError(directory.string() +
                             ": given twice; repeated runs have a results directory each");
    }
}

std::vector<RecordSet> read_all(const std::vector<std::filesystem::path>& directories) {
    require_different(directories);
    std::vector<RecordSet> sets;
    for (const auto& directory : directories) sets.push_back(read_results(directory));
    return sets;
}

bool compares_sides(const CompareArguments& arguments) {
    return !arguments.flags.before.empty() || !arguments.flags.after.empty();
}

// Two results directories are one run on each side.
CompareFlags sides_of(const CompareArguments& arguments) {
    CompareFlags flags = arguments.flags;
    if (!compares_sides(arguments)) {
        flags.before = {arguments.results[0]};
        flags.after = {arguments.results[1]};
    } else if (!arguments.results.empty() || flags.before.empty() || flags.after.empty()) {
        throw InputError(
            "give one or two results directories, or runs with both --before and --after");
    }
    return flags;
}

void compare(const CompareArguments& arguments) {
    if (arguments.results.empty() && !compares_sides(arguments))
        throw InputError("give one or two results directories, or --before and --after");
    if (arguments.results.size() == 1 && !compares_sides(arguments))
        return run_audit({arguments.results[0], {}, arguments.flags.json, arguments.html});
    if (!arguments.html.empty())
        throw InputError("--html: is written for one results directory, not for two");
    run_compare(sides_of(arguments));
}

void add_options(CLI::App& command, CompareArguments& arguments) {
    command
        .add_option("results", arguments.results,
                    "One or two results directories: before and after a change")
        ->expected(0, 2);
    command.add_option("--before", arguments.flags.before,
                       "Results directories of repeated runs before the change");
    command.add_option("--after", arguments.flags.after,
                       "Results directories of repeated runs after the change");
    command.add_option("--run_level_percent", arguments.flags.run_level_percent,
                       "Standard deviation between unchanged runs in percent, if it is known");
    command.add_option("--json", arguments.flags.json,
                       "Also write the result as JSON to this file");
    command.add_option("--html", arguments.html,
                       "Of one directory: also write a page with pictures to this file");
    command
        .add_option("--same_within_percent", arguments.flags.same_within_percent,
                    "Changes up to this size count as SAME")
        ->capture_default_str();
}

}  // namespace

void run_compare(const CompareFlags& flags) {
    check_numbers(flags);
    check_report_file(flags.json, "--json");
    const std::vector<RecordSet> a = read_all(flags.before);
    const std::vector<RecordSet> b = read_all(flags.after);
    const RunComparison comparison = compare_runs(a, b, options_of(flags));
    fmt::print("{}", comparison_text(comparison, output_width()));
    if (!flags.json.empty()) write_output_file(flags.json, comparison_json(comparison));
    if (comparison.verdict == RunVerdict::slower || comparison.verdict == RunVerdict::mixed)
        throw ExitCode{1};
}

void add_compare_command(CLI::App& app) {
    auto arguments = std::make_shared<CompareArguments>();
    CLI::App* command =
        app.add_subcommand("compare",
                           "Compare runs before and after a change, step by step of the same "
                           "requests; for one run, direct times against subtraction (as audit)");
    add_options(*command, *arguments);
    command->footer(
        "The same requests are compared over the steps that all runs have. How much unchanged "
        "runs\n"
        "differ comes from repeated runs or --run_level_percent; without either the change is\n"
        "printed and the verdict is UNDECIDED. Repeats within one run share its state and do not\n"
        "count as runs.\n"
        "Exit code: 1 for SLOWER, and for MIXED (configurations, or medians and means, disagree);\n"
        "0 for SAME, FASTER and UNDECIDED; of one directory, as audit.\n"
        "Examples:\n"
        "  decodemeter compare results/before results/after --run_level_percent 1.5\n"
        "  decodemeter compare --before results/a1 results/a2 results/a3 --after results/b1 "
        "results/b2 results/b3\n"
        "  decodemeter compare results/demo --json results/demo/compare.json\n");
    command->callback([arguments] { compare(*arguments); });
}

}  // namespace decodemeter
