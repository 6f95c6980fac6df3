// Descriptive statistics. A leaf: includes nothing of ours. Empty input gives NaN unless said
// otherwise.
#pragma once

#include <span>
#include <vector>

namespace decodemeter {

double mean(std::span<const double> values);
// Sample standard deviation (n - 1); 0 for one value.
double standard_deviation(std::span<const double> values);
// Linear interpolation between order statistics (R's type 7, NumPy's default); 0 <= q <= 1.
double quantile(std::span<const double> values, double q);
double quantile_of_sorted(std::span<const double> sorted, double q);
double median(std::span<const double> values);
// Pearson's; NaN where either side is constant.
double correlation(std::span<const double> x, std::span<const double> y);

// Least-squares line y = intercept + slope * x.
struct Line {
    double intercept = 0;
    double slope = 0;
};
Line fit_line(std::span<const double> x, std::span<const double> y);

}  // namespace decodemeter
