#include "estimator/fit/robust_weights.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace decodemeter {

namespace {

constexpr double smallest_spread = 1e-5;
constexpr double normal_mad = 0.6745;  // median |x| of a standard normal

}  // namespace

double robust_spread(std::span<const double> errors) {
    if (errors.empty()) return smallest_spread;
    std::vector<double> sizes;
    sizes.reserve(errors.size());
    for (const double error : errors) sizes.push_back(std::abs(error));
    const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
    std::nth_element(sizes.begin(), middle, sizes.end());
    return std::max(*middle / normal_mad, smallest_spread);
}

}  // namespace decodemeter
