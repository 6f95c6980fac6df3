// What this binary was built from.
#pragma once

#include <string>

namespace decodemeter {

struct BuildInfo {
    std::string version;
    std::string git_revision;  // empty when built outside a git checkout
    bool dirty = false;
    std::string torch;  // LibTorch that it was built against
    std::string cuda;   // CUDA toolkit that compiled the kernels; empty: built without CUDA
    std::string compiler;
};

const BuildInfo& build_info();

}  // namespace decodemeter
