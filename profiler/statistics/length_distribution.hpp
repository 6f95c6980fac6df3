// Output lengths N by task, after the means, medians and ranges that were published for nine data
// sets. With random weights an EOS means nothing, so lengths are drawn from these.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace decodemeter {

// P(N = minimum + i) = probability[i].
struct LengthDistribution {
    int minimum = 1;
    std::vector<double> probability;

    int maximum() const noexcept { return minimum + static_cast<int>(probability.size()) - 1; }
    double mean() const;
    // The length at quantile u in [0, 1): smallest N with P(length <= N) > u.
    int quantile(double u) const;
};

// Geometric-like lengths on [minimum, maximum] with the given mean, after an atom of probability
// `at_maximum` on the maximum (answers that were cut off there). Throws std::invalid_argument when
// no such distribution exists.
LengthDistribution tilted_lengths(int minimum, int maximum, double mean, double at_maximum = 0);

// Of a task: vqa (mean 2.22), captioning (mean 54.67, median 64, 30-64), doc_qa (mean 5.51, 2-28),
// text_vqa (mean 3.44, 2-15); any other task is taken as vqa.
const LengthDistribution& published_lengths(std::string_view task);

}  // namespace decodemeter
