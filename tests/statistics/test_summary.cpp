#include <cmath>

#include "profiler/statistics/summary.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;

TEST_CASE("Quantiles interpolate between order statistics") {
    const std::vector<double> values = {4, 1, 3, 2};
    CHECK(median(values) == 2.5);
    CHECK(quantile(values, 0) == 1);
    CHECK(quantile(values, 1) == 4);
    CHECK(quantile(values, 0.25) == 1.75);
    CHECK(std::isnan(median({})));
}

TEST_CASE("Mean, standard deviation, correlation and line of a known set") {
    const std::vector<double> x = {1, 2, 3, 4};
    const std::vector<double> y = {3, 5, 7, 9};
    const std::vector<double> flat = {2, 2, 2, 2};
    CHECK(mean(x) == 2.5);
    CHECK(standard_deviation(x) == Approx(1.2909944487));
    CHECK(standard_deviation(std::vector<double>{5.0}) == 0);
    CHECK(correlation(x, y) == Approx(1));
    CHECK(std::isnan(correlation(x, flat)));
    CHECK(fit_line(x, y).slope == Approx(2));
    CHECK(fit_line(x, y).intercept == Approx(1));
    CHECK(fit_line(flat, y).slope == 0);
}
