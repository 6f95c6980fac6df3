#include "profiler/timing/tracing/cupti_session.hpp"

namespace decodemeter {

std::string known_cupti_fault(unsigned version) {
    // CUPTI counts its own versions; an update of a toolkit shares the number of the toolkit.
    if (version == 22)
        return "CUPTI of CUDA 12.4: its update 1 records no kernels; 12.4 itself and 12.6 are "
               "sound";
    if (version == 130000)
        return "CUPTI of CUDA 13.0.0 crashes when NVTX is injected too; 13.0 update 1 is sound";
    return {};
}

}  // namespace decodemeter
