// Least squares within clusters, with errors that hold when the rows of a cluster depend on each
// other.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace decodemeter {

// The rows of one cluster (a request, or a cell of requests): y against one or two columns.
struct Cluster {
    std::vector<double> y;
    std::array<std::vector<double>, 2> x;  // x[1] is empty in a fit of one column
};

struct ClusteredFit {
    std::array<double, 2> value{};
    std::array<double, 2> error{};    // sandwich estimate
    std::array<double, 2> degrees{};  // of freedom: effective number of units - 1
    double scale = 0;                 // robust standard deviation of the residuals
};

// Which rows the errors take as independent: clusters, single rows, or rows of equal x[0] over all
// clusters.
enum class IndependentUnit { cluster, row, first_column };

// y and the columns are centered within each cluster. Residuals are clipped at 4 robust standard
// deviations, so that stray rows do not decide. `columns` is 1 or 2. Errors are infinite where a
// column does not vary within any cluster.
ClusteredFit fit_within_clusters(std::span<const Cluster> clusters, int columns,
                                 IndependentUnit unit = IndependentUnit::cluster);

// An effect is claimed at 3.7 standard errors of a normal distribution: p = 0.0002. With few
// degrees of freedom the factor is Student's.
double claim_factor(double degrees);
bool is_significant(double value, double error, double degrees);
bool is_significant(const ClusteredFit& fit, std::size_t column);

// 1.4826 times the median absolute deviation from the median.
double robust_deviation(std::span<const double> values);

}  // namespace decodemeter
