// What `compare` does with two results directories.
#pragma once

#include <filesystem>

namespace decodemeter {

struct CompareFlags {
    std::filesystem::path a, b;
    std::filesystem::path json;  // empty: not written
    double same_within_percent = 1;
};

// Prints B against A. Throws ExitCode 1 where B's steps are slower over all pairs.
void run_compare(const CompareFlags& flags);

}  // namespace decodemeter
