// Runs a program and waits for it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace decodemeter {

// This program's own file.
std::filesystem::path own_program();

// The exit code. Its output goes where this program's goes. Throws std::system_error when it cannot be started.
int run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments);

}  // namespace decodemeter
