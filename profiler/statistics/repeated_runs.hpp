// Two groups of runs of the same thing: is the difference larger than runs differ anyway? A leaf:
// includes nothing of ours but this folder.
#pragma once

#include <span>
#include <vector>

#include "profiler/statistics/median_interval.hpp"

namespace decodemeter {

// One logarithm of a time for each run of A and of B.
struct RunLevels {
    std::vector<double> a;
    std::vector<double> b;
};

// By how much the levels of unchanged runs differ: the standard deviation of their logarithms, and
// the degrees of freedom of that figure: infinite for a stated one, 0 where nothing is known.
struct RunSpread {
    double deviation = 0;
    double degrees = 0;

    bool known() const noexcept { return degrees > 0; }
};

RunSpread stated_spread(double deviation) noexcept;

// Within the sides, pooled over all groups. A group's levels may be relative to a mean over the
// groups: `free_groups` of them then vary freely.
RunSpread pooled_spread(std::span<const RunLevels> groups, double free_groups);

// B's mean level less A's, with the interval of Student's t. `error` is the difference's standard
// error that the spread does not hold. Confidence 0 and infinite bounds where the spread is unknown
// or the error infinite.
MedianInterval level_change(const RunLevels& levels, const RunSpread& spread, double error,
                            double confidence);

}  // namespace decodemeter
