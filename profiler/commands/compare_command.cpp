#include "profiler/commands/compare_command.hpp"

#include <fmt/format.h>

#include <memory>

#include "profiler/audit/run_comparison.hpp"
#include "profiler/commands/audit_command.hpp"
#include "profiler/commands/command_list.hpp"
#include "profiler/commands/report_file.hpp"
#include "profiler/error/error.hpp"
#include "profiler/error/exit_code.hpp"

namespace decodemeter {

namespace {

struct CompareArguments {
    std::vector<std::filesystem::path> results;
    std::filesystem::path json, html;
    double same_within_percent = 1;
};

void compare(const CompareArguments& arguments) {
    if (arguments.results.size() == 1)
        return run_audit({arguments.results[0], {}, arguments.json, arguments.html});
    if (!arguments.html.empty())
        throw InputError("--html: is written for one results directory, not for two");
    run_compare({arguments.results[0], arguments.results[1], arguments.json,
                 arguments.same_within_percent});
}

}  // namespace

void run_compare(const CompareFlags& flags) {
    if (!(flags.same_within_percent > 0))
        throw InputError("--same_within_percent: give a number above 0");
    check_report_file(flags.json, "--json");
    const RecordSet a = read_results(flags.a), b = read_results(flags.b);
    const RunComparison comparison = compare_runs(a, b, flags.same_within_percent / 100);
    fmt::print("{}", comparison_text(comparison));
    if (!flags.json.empty()) write_report_file(flags.json, comparison_json(comparison));
    if (comparison.step.result.verdict == Verdict::slower) throw ExitCode{1};
}

void add_compare_command(CLI::App& app) {
    auto arguments = std::make_shared<CompareArguments>();
    CLI::App* command = app.add_subcommand("compare",
                                           "Two runs, configuration by configuration; of one run, "
                                           "direct times against subtraction (= audit)");
    command
        ->add_option("results", arguments->results,
                     "One or two results directories: before and after a change")
        ->required()
        ->expected(1, 2);
    command->add_option("--json", arguments->json, "Also write the result as JSON to this file");
    command->add_option("--html", arguments->html,
                        "Of one directory: also write a page with pictures to this file");
    command
        ->add_option("--same_within_percent", arguments->same_within_percent,
                     "Changes up to this are no difference worth having")
        ->capture_default_str();
    command->footer(
        "Exit code: of two runs, 1 when the second one's steps are slower; of one, as audit.\n"
        "Examples:\n"
        "  decodemeter compare results/before results/after\n"
        "  decodemeter compare results/demo --json results/demo/compare.json\n");
    command->callback([arguments] { compare(*arguments); });
}

}  // namespace decodemeter
