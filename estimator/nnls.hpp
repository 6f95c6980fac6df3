// Non-negative least squares of few variables.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <optional>

namespace decodemeter {

// Normal equations of min |A x - b|^2: A'A and A'b, summed up row by row.
template <std::size_t n>
struct NormalEquations {
    std::array<std::array<double, n>, n> matrix{};
    std::array<double, n> vector{};

    void add(const std::array<double, n>& row, double target, double weight) noexcept {
        for (std::size_t i = 0; i < n; ++i) {
            const double scaled = weight * row[i];
            for (std::size_t j = 0; j <= i; ++j) matrix[i][j] += scaled * row[j];
            vector[i] += scaled * target;
        }
    }
};

namespace nnls_detail {

// Columns are scaled to length 1, so that pivots below this mean a column that the others already
// span.
inline constexpr double smallest_pivot = 1e-9;

// Solves for the variables in `chosen` by Cholesky; none when they depend on each other.
template <std::size_t n>
std::optional<std::array<double, n>> solve_subset(const NormalEquations<n>& equations,
                                                  unsigned chosen) {
    std::array<std::size_t, n> index{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (chosen >> i & 1) index[count++] = i;
    }
    std::array<std::array<double, n>, n> factor{};
    std::array<double, n> y{}, x{};
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = equations.matrix[index[i]][index[j]];
            for (std::size_t k = 0; k < j; ++k) sum -= factor[i][k] * factor[j][k];
            if (i != j) factor[i][j] = sum / factor[j][j];
            else if (sum < smallest_pivot) return std::nullopt;
            else factor[i][i] = std::sqrt(sum);
        }
        double sum = equations.vector[index[i]];
        for (std::size_t k = 0; k < i; ++k) sum -= factor[i][k] * y[k];
        y[i] = sum / factor[i][i];
    }
    for (std::size_t i = count; i-- > 0;) {
        double sum = y[i];
        for (std::size_t k = i + 1; k < count; ++k) sum -= factor[k][i] * x[index[k]];
        x[index[i]] = sum / factor[i][i];
    }
    return x;
}

template <std::size_t n>
std::array<double, n> column_scales(const NormalEquations<n>& equations) {
    std::array<double, n> scales;
    for (std::size_t i = 0; i < n; ++i) {
        const double square = equations.matrix[i][i];
        scales[i] = square > 0 ? 1 / std::sqrt(square) : 0;
    }
    return scales;
}

template <std::size_t n>
NormalEquations<n> scaled(const NormalEquations<n>& equations,
                          const std::array<double, n>& scales) {
    NormalEquations<n> result;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j)
            result.matrix[i][j] = equations.matrix[i][j] * scales[i] * scales[j];
        result.vector[i] = equations.vector[i] * scales[i];
    }
    return result;
}

}  // namespace nnls_detail

// The x >= 0 that minimises x'Mx - 2v'x. Each subset of the variables is solved and the best
// feasible one taken: exact, and with at most 2^6 subsets cheaper than deciding which to try. Where
// columns depend on each other, a smaller subset does as well and wins.
template <std::size_t n>
std::array<double, n> solve_non_negative(const NormalEquations<n>& equations) {
    static_assert(n <= 8, "every subset is tried");
    const auto scales = nnls_detail::column_scales(equations);
    const NormalEquations<n> unit = nnls_detail::scaled(equations, scales);
    std::array<double, n> best{};
    double best_gain = 0;
    int best_count = 0;
    for (unsigned chosen = 1; chosen < 1u << n; ++chosen) {
        const auto x = nnls_detail::solve_subset(unit, chosen);
        if (!x) continue;
        double gain = 0;  // at the subset's minimum, v'x is how far the objective falls
        bool feasible = true;
        for (std::size_t i = 0; i < n; ++i) {
            feasible &= (*x)[i] >= 0;
            gain += unit.vector[i] * (*x)[i];
        }
        const int count = std::popcount(chosen);
        const double margin = 1e-12 * std::abs(best_gain);
        const bool better =
            gain > best_gain + margin || (gain > best_gain - margin && count < best_count);
        if (!feasible || !better) continue;
        best_gain = gain;
        best_count = count;
        for (std::size_t i = 0; i < n; ++i) best[i] = (*x)[i] * scales[i];
    }
    return best;
}

}  // namespace decodemeter
