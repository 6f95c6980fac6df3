#include "profiler/audit/commands/audit_command.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "profiler/audit/report/audit_report.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/report_file.hpp"
#include "profiler/system/exit_code.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

void run_audit(const AuditFlags& flags) {
    check_report_file(flags.json, "--json");
    check_report_file(flags.html, "--html");
    const RecordSet set = read_results(flags.results, {flags.datasets});
    const AuditReport report = audit(set);
    fmt::print("{}", audit_text(report, output_width()));
    if (!flags.json.empty()) write_output_file(flags.json, audit_json(report));
    if (!flags.html.empty()) write_audit_page(report, set.records, flags.html);
    if (report.verdict != AuditVerdict::clean) throw ExitCode{static_cast<int>(report.verdict)};
}

void add_audit_command(CLI::App& app) {
    auto flags = std::make_shared<AuditFlags>();
    CLI::App* command = app.add_subcommand(
        "audit", "Check whether records can be trusted and what their times mean");
    command
        ->add_option("results", flags->results,
                     "Results directory, data set's folder or file, native or published")
        ->required();
    command
        ->add_option("--datasets", flags->datasets,
                     "Only these data sets, such as a,b (default: all)")
        ->delimiter(',');
    command->add_option("--json", flags->json, "Also write the audit as JSON to this file");
    command->add_option("--html", flags->html,
                        "Also write it as a page with pictures to this file");
    command->footer(
        "Exit code: 0 clean, 1 suspicious, 2 unusable input, 3 the audit broke.\n"
        "Examples:\n"
        "  decodemeter audit results/first\n"
        "  decodemeter audit published_results --datasets coco_2014_vqa --json audit.json --html "
        "audit.html\n");
    command->callback([flags] { run_audit(*flags); });
}

}  // namespace decodemeter
