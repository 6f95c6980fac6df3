// The golden vectors: the full set where DECODEMETER_GOLDEN_DIR names it, else the part in
// tests/golden.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace decodemeter::test {

inline std::filesystem::path golden_directory() {
    const char* named = std::getenv("DECODEMETER_GOLDEN_DIR");
    return named != nullptr && *named != '\0' ? named : DECODEMETER_TEST_GOLDEN_DIR;
}

}  // namespace decodemeter::test
