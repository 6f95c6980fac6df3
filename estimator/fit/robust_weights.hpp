// Weights of a robust regression by iterated least squares.
#pragma once

#include <span>

namespace decodemeter {

// 95 % efficiency where the errors are normal (Huber 1964).
inline constexpr double huber_limit = 1.345;

// Of errors in units of their spread.
inline double huber_weight(double size) noexcept {
    return size <= huber_limit ? 1 : huber_limit / size;
}

// The standard deviation that the median absolute value of normal errors has; at least 1e-5.
double robust_spread(std::span<const double> errors);

}  // namespace decodemeter
