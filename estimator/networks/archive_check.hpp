// The checksums of a ZIP archive, which LibTorch does not compare when it reads one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace decodemeter {

// Reads every entry to its end. Returns why the archive is not the one that was written, with the
// entry's name: a checksum that does not match, an entry or a directory that cannot be read.
std::optional<std::string> archive_fault(const std::filesystem::path& file);

}  // namespace decodemeter
