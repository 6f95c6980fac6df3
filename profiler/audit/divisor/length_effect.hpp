// How per-token figures go with the output length N, and how long the outputs are.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "profiler/audit/steps/decode_times.hpp"
#include "profiler/statistics/length_bins.hpp"

namespace decodemeter {

// Means over the records of one range of N; NaN where there are none.
struct FigureByLength {
    std::size_t samples = 0;
    double tokens = 0;        // N
    double per_token_ms = 0;  // T_LLM_decode / N
    double per_step_ms = 0;   // T_LLM_decode / (N - 1)
};
std::array<FigureByLength, length_bins.size()> figures_by_length(
    std::span<const SampleRecord> records);

// Correlation of one method's per-token figure with N. Each figure is first divided by the median
// of its configuration, so that a mix of configurations that goes with N does not look like an
// effect of N.
struct LengthCorrelation {
    std::string figure;
    double pearson = 0;
    double spearman = 0;
    double p = 1;  // of Spearman's, two-sided
    std::size_t samples = 0;
};
std::vector<LengthCorrelation> length_correlations(std::span<const SampleRecord> records,
                                                   std::span<const DecodeTimes> times);

struct OutputLengthSummary {
    std::size_t samples = 0;
    double mean = 0;
    double median = 0;
    double deviation = 0;
    double variation = 0;  // deviation / mean
    double p95 = 0;
    double p99 = 0;
    double least = 0;
    double most = 0;
};
// By data set; a sample that was measured under several configurations counts once for each.
std::map<std::string, OutputLengthSummary> output_lengths_by_dataset(
    std::span<const SampleRecord> records);

}  // namespace decodemeter
