// What this build and this machine can do.
#pragma once

#include <string>
#include <vector>

namespace decodemeter {

struct Capability {
    std::string name;
    bool present = false;
    std::string detail;  // what is there, or what is missing
    std::string remedy;  // what to do about a missing one
};

// Looks for each thing without starting it: CUDA compiled in, driver and device, LibTorch's CUDA
// half, CUPTI, NVML, gnuplot, photographs.
std::vector<Capability> find_capabilities();

}  // namespace decodemeter
