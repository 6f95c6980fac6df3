#include "profiler/statistics/summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace decodemeter {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Sums of squares and products about the means.
struct Moments {
    double mean_x;
    double mean_y;
    double xx;
    double yy;
    double xy;
};

Moments moments(std::span<const double> x, std::span<const double> y) {
    Moments m{mean(x), mean(y), 0, 0, 0};
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double dx = x[i] - m.mean_x;
        const double dy = y[i] - m.mean_y;
        m.xx += dx * dx;
        m.yy += dy * dy;
        m.xy += dx * dy;
    }
    return m;
}

}  // namespace

double mean(std::span<const double> values) {
    if (values.empty()) return nan;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
    if (values.empty()) return nan;
    if (values.size() == 1) return 0;
    const double center = mean(values);
    double sum = 0;
    for (const double value : values) sum += (value - center) * (value - center);
    return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double quantile_of_sorted(std::span<const double> sorted, double q) {
    if (sorted.empty()) return nan;
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] +
           (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double quantile(std::span<const double> values, double q) {
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    return quantile_of_sorted(sorted, q);
}

double median(std::span<const double> values) { return quantile(values, 0.5); }

double correlation(std::span<const double> x, std::span<const double> y) {
    if (x.size() < 2) return nan;
    const Moments m = moments(x, y);
    return m.xx > 0 && m.yy > 0 ? m.xy / std::sqrt(m.xx * m.yy) : nan;
}

Line fit_line(std::span<const double> x, std::span<const double> y) {
    if (x.empty()) return {nan, nan};
    const Moments m = moments(x, y);
    const double slope = m.xx > 0 ? m.xy / m.xx : 0;
    return {m.mean_y - slope * m.mean_x, slope};
}

}  // namespace decodemeter
