#include <fmt/format.h>

#include "profiler/audit/report/audit_report.hpp"
#include "profiler/audit/report/audit_tables.hpp"

namespace decodemeter {

std::string audit_text(const AuditReport& report, int width) {
    std::string text =
        fmt::format("Audit: {}\nVerdict: {}\n", report.subject, to_string(report.verdict));
    for (const std::string& line : audit_findings_text(report)) text += fmt::format("  {}\n", line);
    for (const AuditSection& section : audit_sections(report)) {
        text += fmt::format("\n{}\n", section.heading);
        for (const std::string& paragraph : section.paragraphs)
            text += fmt::format("  {}\n", paragraph);
        for (const Table& table : section.tables) text += '\n' + table.text(width);
    }
    return text;
}

}  // namespace decodemeter
