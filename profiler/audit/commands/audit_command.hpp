// What `audit RESULTS_DIR` does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace decodemeter {

struct AuditFlags {
    std::filesystem::path results;
    std::vector<std::string> datasets;
    std::filesystem::path json;  // empty: not written
    std::filesystem::path html;  // empty: not written
};

// Prints the audit and writes what was asked for. Throws ExitCode unless the records are clean.
void run_audit(const AuditFlags& flags);

void add_audit_command(CLI::App& app);

}  // namespace decodemeter
