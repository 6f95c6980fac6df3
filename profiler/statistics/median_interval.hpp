// How well a median is known. A leaf: includes nothing of ours but this folder.
#pragma once

#include <span>

namespace decodemeter {

// A median and an interval that holds it with probability `confidence`.
struct MedianInterval {
    double median = 0;
    double lower = 0;
    double upper = 0;
    double confidence =
        0;  // what the interval reaches: below the wish where there are too few values
};

// Interval between order statistics, interpolated between the two exact binomial confidences that
// enclose the wish (Hettmansperger and Sheather 1986), so that no distribution is assumed. For 95 %
// the coverage is 94 to 95.5 % for n >= 6, heavy tails included, and 93.75 % for n = 5. Fewer than
// five values cannot reach it: the interval is then their range, with the confidence that it has
// (87.5 % for 4, 75 % for 3, 50 % for 2, none for 1). It is low (88 to 94 %) where the median lies
// in the empty middle of two equal clusters. NaN for no values.
MedianInterval median_interval(std::span<const double> values, double confidence = 0.95);
MedianInterval median_interval_of_sorted(std::span<const double> sorted, double confidence = 0.95);

// Half the interval's width as a share of the median: 0.01 is one percent.
double relative_half_width(const MedianInterval& interval);

}  // namespace decodemeter
