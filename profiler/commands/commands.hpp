// The profiler's commands. CLI11 is known to this folder, to estimator/commands/commands and to
// main.cpp only.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace decodemeter {

// profile, audit, compare, trace, merge, generate, verify, info.
void add_profiler_commands(CLI::App& app);

// Arguments after the program's name, last first, as CLI11 takes them. Options are registered with
// underscores; dashes inside an option's name are turned into them, so --top-k and --top_k are one.
std::vector<std::string> normalized_arguments(int argc, const char* const* argv);

// "decodemeter 0.1.0 (git 0123456789ab, torch 2.11.0, CUDA 13.0)"
std::string version_text();

}  // namespace decodemeter
