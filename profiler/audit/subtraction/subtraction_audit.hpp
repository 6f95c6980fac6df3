// What subtraction makes of decode times, against what was measured directly.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profiler/audit/steps/decode_times.hpp"
#include "profiler/statistics/length_bins.hpp"

namespace decodemeter {

// Of one range of output lengths; differences are subtraction - direct.
struct DifferenceByLength {
    std::size_t samples = 0;
    double zero_fraction = 0;
    std::size_t compared = 0;  // those with a direct time; without any, the rest is NaN
    double direct_ms = 0;      // mean
    double bias_ms = 0;        // mean difference
    double spread_ms = 0;      // standard deviation of the difference
};

// Why the two methods differ. Those with a time add up to the bias.
struct DifferenceCause {
    std::string name;
    std::optional<double>
        ms;  // mean contribution to subtraction - direct; none: possible, not measurable here
    std::string explanation;
};

struct SubtractionAudit {
    std::size_t samples = 0;       // with N >= 2 and a decode time by subtraction
    std::size_t compared = 0;      // with a direct one too
    double zero_fraction = 0;      // of the clamped time, as 0 to 1
    double negative_fraction = 0;  // of the signed time
    double bias_ms =
        0;  // mean of clamped - direct; NaN where there is nothing to compare, as below
    double signed_bias_ms = 0;  // mean of signed - direct
    double median_ms = 0;       // median of clamped - direct, and its 95 % interval
    double median_lower_ms = 0;
    double median_upper_ms = 0;
    double short_error_percent = 0;  // median |clamped - direct| / direct at N <= 3
    double long_error_percent = 0;   // the same at N >= 10
    std::array<DifferenceByLength, length_bins.size()> by_length;
    std::vector<DifferenceCause> causes;
};

SubtractionAudit audit_subtraction(std::span<const SampleRecord> records,
                                   std::span<const DecodeTimes> times);

}  // namespace decodemeter
