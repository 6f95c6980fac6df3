// Resolves the command's name, and explains unknown commands and options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

// Turns `help [COMMAND]` into `[COMMAND] --help`. Throws InputError if the first word is not a
// command. `arguments` are in reverse order, as CLI11 expects them.
void resolve_command(const CLI::App& app, std::vector<std::string>& arguments);

// One line that says what is wrong with a command line that CLI11 refused.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

// The message of an argument that a library refused, with the flag in place of the field.
std::string explain(const InvalidArgument& error);

}  // namespace decodemeter
