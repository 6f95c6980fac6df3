// Do the values form two separate groups? A leaf: includes nothing of ours but this folder.
#pragma once

#include <cstddef>
#include <span>

namespace decodemeter {

struct TwoGroups {
    double lower_center = 0;  // medians of the two groups
    double upper_center = 0;
    std::size_t lower_count = 0;
    std::size_t upper_count = 0;
    double separation = 0;  // distance of the centers, in pooled standard deviations of the groups
    bool found = false;
};

// Splits the values where the sum of squares within the two sides is least (Otsu), each side
// holding at least a tenth of them. Two groups are found when there are at least 30 values, the
// centers lie at least `least_distance` apart (in the values' own unit), 5.5 pooled standard
// deviations apart (a normal sample comes to about 2.6, a uniform one to 3.5), and the valley
// between the lower side's 90th percentile and the upper side's 10th is at least 2.5 of them wide.
TwoGroups find_two_groups(std::span<const double> values, double least_distance = 0);

}  // namespace decodemeter
