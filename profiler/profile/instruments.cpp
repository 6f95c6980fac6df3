#include "profiler/profile/instruments.hpp"

namespace decodemeter {

namespace {

std::optional<CudaEvents> events_for(int max_steps, bool cuda) {
    if (!cuda) return std::nullopt;
    return CudaEvents(max_steps);
}

}  // namespace

Instruments::Instruments(int max_steps, bool cuda) : timeline_(max_steps, events_for(max_steps, cuda)) {
    group_.add(timeline_);
}

}  // namespace decodemeter
