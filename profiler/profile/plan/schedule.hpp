// In which order a run measures. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profiler/record/run_header.hpp"

namespace decodemeter {

struct Job {
    std::size_t sample = 0;
    std::size_t config = 0;
    int repeat = 0;

    bool operator==(const Job&) const = default;
};

// One sample under every configuration once. A run that stops between rounds is balanced, and drift
// of the machine spreads over all configurations alike.
using Round = std::vector<Job>;

// Rounds of samples in seeded order, repeat by repeat, configurations in a new seeded order each
// round. Shard i of n takes every n-th round.
std::vector<Round> make_rounds(std::size_t samples, std::size_t configs, int repeats,
                               std::uint64_t seed, const Shard& shard = {});

// Well-mixed 64 bits of a seed and a place, the same on every platform.
std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t place) noexcept;

}  // namespace decodemeter
