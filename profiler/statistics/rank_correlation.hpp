// Association of two series by ranks. A leaf: includes nothing of ours but this folder.
#pragma once

#include <span>
#include <vector>

namespace decodemeter {

// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks(std::span<const double> values);

struct RankCorrelation {
    double rho = 0;  // Spearman's; NaN where either side is constant
    double p = 1;    // two-sided
};
// Up to 8 values p is exact: the share of all orders of one side whose |rho| is as large. Above, p
// is that of Student's t = rho sqrt((n - 2) / (1 - rho^2)) with n - 2 degrees of freedom, and never
// below the exact 2 / n! of a perfect order.
RankCorrelation rank_correlation(std::span<const double> x, std::span<const double> y);

// Does a series move with time? `times` need not be sorted or evenly spaced.
struct Drift {
    RankCorrelation rank;
    double change = 0;  // of `values` from the first to the last time, along the Theil-Sen line
    bool found = false;
};
// `found` when p < 0.001 and the change is at least `least_change`.
Drift find_drift(std::span<const double> times, std::span<const double> values,
                 double least_change);

}  // namespace decodemeter
