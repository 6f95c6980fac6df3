// The times of one generate(), on each clock that it was timed by.
#pragma once

#include <optional>
#include <vector>

#include "profiler/record/units.hpp"

namespace decodemeter {

// Durations of the stages before decoding; 0 where a stage did not run.
struct StageTimings {
    Milliseconds preprocess{};
    Milliseconds vision_encoder{};
    Milliseconds projector{};
    Milliseconds prefill{};
};

// What one clock measured. Edges: Note [Step edges] in stage_observer.hpp.
struct ClockReading {
    StageTimings stages;
    Milliseconds first_token{};       // from the start of generate() to edge 0
    Milliseconds total{};             // all of generate(), preprocessing excluded
    std::vector<Milliseconds> steps;  // from edge s-1 to edge s, for s = 1, 2, ...
};

struct GenerateTrace {
    ClockReading host;
    std::optional<ClockReading> span;  // CUDA event to CUDA event; preprocessing has none

    // The clock whose times become a record's.
    const ClockReading& headline() const noexcept { return span ? *span : host; }
    ClockReading& headline() noexcept { return span ? *span : host; }
};

}  // namespace decodemeter
