// Measures of sets of time intervals. Pure.
#pragma once

#include <span>
#include <vector>

#include "profiler/record/units.hpp"

namespace decodemeter {

struct Interval {
    Nanoseconds start{};
    Nanoseconds end{};

    Nanoseconds length() const noexcept { return end > start ? end - start : Nanoseconds{}; }
    auto operator<=>(const Interval&) const = default;
};

// Device timestamps tick every 32 ns, and are converted to host time one by one.
inline constexpr Nanoseconds timestamp_tolerance{100};

// The part that both have; empty (length 0) where they do not meet.
Interval common_part(const Interval& a, const Interval& b) noexcept;

// The same set as disjoint intervals in order. Intervals that end before they start, or at once,
// are left out.
std::vector<Interval> merged(std::vector<Interval> intervals);

// Measure of the union.
Nanoseconds union_length(std::vector<Interval> intervals);

// Measure of the part of `window` that `disjoint`, in order, covers.
Nanoseconds covered_length(std::span<const Interval> disjoint, const Interval& window) noexcept;

}  // namespace decodemeter
