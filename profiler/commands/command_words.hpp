// Resolves the command's name, and explains unknown commands and options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace decodemeter {

// The name closest to `word`: one that starts with it, or one within an edit distance of a third of
// its letters. Empty if no name is that close.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

// Turns `help [COMMAND]` into `[COMMAND] --help`. Throws InputError if the first word is not a
// command. `arguments` are in reverse order, as CLI11 expects them.
void resolve_command(const CLI::App& app, std::vector<std::string>& arguments);

// One line that says what is wrong with a command line that CLI11 refused.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace decodemeter
