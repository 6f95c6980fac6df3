// The pictures of an audit. Used by audit_page.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "profiler/audit/audit.hpp"
#include "profiler/report/gnuplot.hpp"

namespace decodemeter {

struct AuditFigure {
    std::string name;  // of the file
    std::string caption;
    Figure figure;
};

// Those that the records have something for.
std::vector<AuditFigure> audit_figures(const AuditReport& report,
                                       std::span<const SampleRecord> records);

}  // namespace decodemeter
