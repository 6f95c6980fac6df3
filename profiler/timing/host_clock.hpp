#pragma once

#include <chrono>

#include "profiler/record/units.hpp"

namespace decodemeter {

// Wall time of the calling thread's machine since an arbitrary start. The clock that a Timeline
// reads is a type of this form; tests use one that they advance by hand.
struct HostClock {
    Nanoseconds now() const noexcept {
        return std::chrono::duration_cast<Nanoseconds>(
            std::chrono::steady_clock::now().time_since_epoch());
    }
};

}  // namespace decodemeter
