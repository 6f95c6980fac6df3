// Files that a command writes its report to.
#pragma once

#include <filesystem>
#include <string>

namespace decodemeter {

// Makes the file's folder. Throws InputError naming `flag` where it cannot be made or is no place
// for a file. An empty path is none.
void check_report_file(const std::filesystem::path& file, const std::string& flag);

}  // namespace decodemeter
