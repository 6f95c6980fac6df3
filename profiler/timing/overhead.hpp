// What the instrument itself costs: runs with and without it, compared in randomized ABBA blocks.
// Pure, but for the runs that the caller makes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "profiler/record/units.hpp"

namespace decodemeter {

// Four runs in the order ABBA or BAAB: what drifts evenly falls on both sides alike.
struct AbbaBlock {
    std::array<bool, 4> instrumented{};
    std::array<Milliseconds, 4> times{};
};

// Blocks without times, half of them ABBA and half BAAB (one more of either where the number is
// odd), shuffled.
std::vector<AbbaBlock> abba_blocks(int count, std::uint64_t seed);

struct Overhead {
    double percent = 0;  // median over the blocks of the ratio of the geometric means, instrumented
                         // / not, less 1
    double lower_percent = 0;  // sign-test interval of that median
    double upper_percent = 0;
    double confidence = 0;   // that the interval reaches
    double p = 1;            // of the sign test: that there is no difference
    double run_ms = 0;       // median of a run without the instrument
    std::size_t blocks = 0;  // with four times above 0
    double microseconds() const noexcept { return 10 * percent * run_ms; }  // added to a run
};
Overhead estimate_overhead(std::span<const AbbaBlock> blocks);

// Makes the runs: `run(instrumented)` gives the time of one, taken in the same way on both sides.
Overhead measure_overhead(int blocks, std::uint64_t seed,
                          const std::function<Milliseconds(bool instrumented)>& run);

// For the figures of run.json.
std::string overhead_json(const Overhead& overhead);

}  // namespace decodemeter
