// What `compare` does with results directories.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

namespace CLI {
class App;
}

namespace decodemeter {

struct CompareFlags {
    // Repeated runs of each side.
    std::vector<std::filesystem::path> before;
    std::vector<std::filesystem::path> after;
    std::filesystem::path json;  // empty: not written
    double same_within_percent = 1;
    std::optional<double> run_level_percent;
};

// Prints the runs after against those before. Throws ExitCode 1 for SLOWER and MIXED.
void run_compare(const CompareFlags& flags);

void add_compare_command(CLI::App& app);

}  // namespace decodemeter
