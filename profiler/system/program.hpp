// Runs a program and waits for it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace decodemeter {

// This program's own file.
std::filesystem::path own_program();

// The exit code, or 128 and the number of the signal that ended it. `program` is a path, or a name
// to be found on PATH. Its input and output are this program's, and so are the signals of the
// keyboard, an end (SIGTERM) and a hang-up, while it runs. Throws std::system_error when it cannot
// be started.
int run_program(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace decodemeter
