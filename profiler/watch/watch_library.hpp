#pragma once

#include <filesystem>

namespace decodemeter {

// The library that a watched program loads: beside this program, or in lib/ beside its bin/. Empty
// where it was not built.
std::filesystem::path find_watch_library();

}  // namespace decodemeter
