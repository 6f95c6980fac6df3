// A range for each stage and step in the NVTX domain "decodemeter", with the step as its payload,
// so that nsys shows what is measured. Without a tool attached a range costs a few nanoseconds.
#pragma once

#include "profiler/timing/stage_ranges.hpp"

namespace decodemeter {

class NvtxSink {
public:
    // Makes the domain and registers the names. Built without CUDA there is no NVTX, and nothing
    // happens.
    NvtxSink();

    void push(Stage stage, int step) noexcept;
    void pop() noexcept;

    static bool built() noexcept;

private:
    void* domain_ = nullptr;
    std::array<void*, stage_count> names_{};
};

using NvtxRanges = StageRanges<NvtxSink>;

}  // namespace decodemeter
