// The tables that the audit's text and page share.
#pragma once

#include <string>
#include <vector>

#include "profiler/audit/audit.hpp"
#include "profiler/report/table.hpp"

namespace decodemeter {

struct AuditSection {
    std::string heading;
    std::vector<std::string> paragraphs;
    std::vector<Table> tables;
};

// Sections without anything to say are left out.
std::vector<AuditSection> audit_sections(const AuditReport& report);

// "clean", or the findings in words.
std::vector<std::string> audit_findings_text(const AuditReport& report);

}  // namespace decodemeter
