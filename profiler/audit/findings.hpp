// What an audit's figures add up to. Used by audit.cpp.
#pragma once

#include "profiler/audit/audit.hpp"

namespace decodemeter {

// Suspicious findings first.
std::vector<AuditFinding> find_in(const AuditReport& report);

}  // namespace decodemeter
