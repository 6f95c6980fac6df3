// An audit as text for a terminal, as JSON, and as a page with pictures.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "profiler/audit/audit.hpp"

namespace decodemeter {

// Findings first, then a table for each question.
// `width` as of Table::text().
std::string audit_text(const AuditReport& report, int width = 0);

// What is not known is null.
std::string audit_json(const AuditReport& report);

// One self-contained HTML file. `records` are those of the report. The pictures need gnuplot;
// without it the page says so in their place. Throws std::runtime_error where the file cannot be
// written.
void write_audit_page(const AuditReport& report, std::span<const SampleRecord> records,
                      const std::filesystem::path& file);

}  // namespace decodemeter
