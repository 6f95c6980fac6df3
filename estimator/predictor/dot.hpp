#pragma once

#include <array>
#include <cstddef>

namespace decodemeter {

template <std::size_t n>
double dot(const std::array<double, n>& a, const std::array<double, n>& b) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

}  // namespace decodemeter
