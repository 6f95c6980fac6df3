// Upper bounds by split-conformal calibration, from predictions for held-out rows.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "estimator/data/dataset.hpp"
#include "estimator/predictor/bounds.hpp"

namespace decodemeter {

// Measured over predicted of one row; 0 where it has no decode step.
struct RatioSample {
    int row = 0;
    int config = 0;
    int dataset = 0;
    int output_tokens = 0;
    double prefill = 0;
    double decode = 0;
    double total = 0;
};

// The smallest value that at least `level` of a further draw from the same source stay under: the
// ceil((n+1) level)-th of the n sorted values, the largest where n is too small for the level.
double conformal_quantile(std::vector<double> values, double level);

// Bins with fewer samples than `fewest_in_bin` take the quantiles of all samples together.
inline constexpr std::size_t fewest_in_bin = 40;
// From fewer samples than `fewest_for_p95` they are marked as not calibrated.
// `long_answers_confounded`: the lengths follow a knob, and all bins take the hierarchical bound.
Bounds fit_bounds(std::span<const RatioSample> samples, bool long_answers_confounded = false);

// Requests from which on a configuration may be the worst.
inline constexpr std::int64_t fewest_of_worst_config = 8;

// NaN where nothing was tested.
struct CoverageFigures {
    static constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
    double overall = nothing;  // share of rows at or under their bound
    std::map<std::string, double> by_n;
    std::map<std::string, double> by_config;
    std::map<std::string, double> by_dataset;
    double worst_config = nothing;      // of those with at least `fewest_of_worst_config` rows
    double mean_width_ratio = nothing;  // bound over prediction
    std::int64_t count = 0;
};

struct CoverageReport {
    CoverageFigures p95;
    CoverageFigures hierarchical;
    CoverageFigures prefill;
};

// Coverage of bounds that were calibrated on other records.
CoverageReport coverage_under(const Dataset& dataset, std::span<const RatioSample> samples,
                              const Bounds& bounds);

// Coverage of bounds calibrated on other configurations: the samples are cut by configuration into
// `parts`, and each part is tested against the bounds of the rest.
CoverageReport judge_bounds(const Dataset& dataset, std::span<const RatioSample> samples, int parts,
                            std::uint64_t seed, bool long_answers_confounded = false);

}  // namespace decodemeter
