#include "profiler/timing/tracing/intervals.hpp"

#include <algorithm>

namespace decodemeter {

Interval common_part(const Interval& a, const Interval& b) noexcept {
    return {std::max(a.start, b.start), std::min(a.end, b.end)};
}

std::vector<Interval> merged(std::vector<Interval> intervals) {
    if (!std::is_sorted(intervals.begin(), intervals.end()))
        std::sort(intervals.begin(), intervals.end());
    std::vector<Interval> disjoint;
    for (const Interval& interval : intervals) {
        if (interval.end <= interval.start) continue;
        if (disjoint.empty() || interval.start > disjoint.back().end) disjoint.push_back(interval);
        else disjoint.back().end = std::max(disjoint.back().end, interval.end);
    }
    return disjoint;
}

Nanoseconds union_length(std::vector<Interval> intervals) {
    Nanoseconds total{};
    for (const Interval& interval : merged(std::move(intervals))) total += interval.length();
    return total;
}

Nanoseconds covered_length(std::span<const Interval> disjoint, const Interval& window) noexcept {
    // The first one that does not end before the window begins.
    auto interval =
        std::lower_bound(disjoint.begin(), disjoint.end(), window.start,
                         [](const Interval& a, Nanoseconds start) { return a.end <= start; });
    Nanoseconds total{};
    for (; interval != disjoint.end() && interval->start < window.end; ++interval) {
        total += common_part(*interval, window).length();
    }
    return total;
}

}  // namespace decodemeter
