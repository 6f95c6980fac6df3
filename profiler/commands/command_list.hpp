// One function for each command, each in a file of its own. audit and compare have headers of
// their own.
#pragma once

#include <CLI/CLI.hpp>

namespace decodemeter {

void add_profile_command(CLI::App& app);
void add_trace_command(CLI::App& app);
void add_watch_command(CLI::App& app);
void add_generate_command(CLI::App& app);
void add_verify_command(CLI::App& app);
void add_merge_command(CLI::App& app);
void add_info_command(CLI::App& app);

}  // namespace decodemeter
