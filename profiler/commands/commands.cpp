#include "profiler/commands/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "profiler/audit/commands/audit_command.hpp"
#include "profiler/audit/commands/compare_command.hpp"
#include "profiler/commands/command_list.hpp"
#include "profiler/record/build_info.hpp"

namespace decodemeter {

void add_profiler_commands(CLI::App& app) {
    add_profile_command(app);
    add_audit_command(app);
    add_compare_command(app);
    add_trace_command(app);
    add_watch_command(app);
    add_generate_command(app);
    add_verify_command(app);
    add_merge_command(app);
    add_info_command(app);
}

std::vector<std::string> normalized_arguments(int argc, const char* const* argv) {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    for (std::string& argument : arguments) {
        if (argument == "--") break;  // what follows is another program's
        if (argument.rfind("--", 0) != 0 || argument.size() == 2) continue;
        const auto end = std::find(argument.begin(), argument.end(), '=');
        std::replace(argument.begin() + 2, end, '-', '_');
    }
    std::reverse(arguments.begin(), arguments.end());
    return arguments;
}

std::string version_text() {
    const BuildInfo& build = build_info();
    return fmt::format("decodemeter {} (git {}{}, torch {}, {}, {})", build.version,
                       build.git_revision.empty() ? "unknown" : build.git_revision,
                       build.dirty ? " with changes" : "", build.torch,
                       build.cuda.empty() ? "without CUDA" : "CUDA " + build.cuda, build.compiler);
}

}  // namespace decodemeter
