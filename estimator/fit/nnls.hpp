// Non-negative least squares of few variables.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
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
                                                  std::uint64_t chosen) {
    std::array<std::size_t, n> index{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (chosen >> i & 1) index[count++] = i;
    }
    std::array<std::array<double, n>, n> factor{};
    std::array<double, n> y{};
    std::array<double, n> x{};
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

namespace nnls_detail {

// The active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23) on
// normal equations whose columns have length 1.
template <std::size_t n>
class ActiveSet {
public:
    explicit ActiveSet(const NormalEquations<n>& equations) : equations_(equations) {
        for (const double value : equations.vector)
            tolerance_ = std::max(tolerance_, smallest_slope * std::abs(value));
    }

    std::array<double, n> solve() {
        std::uint64_t refused = 0;
        for (std::size_t round = 0; round < most_rounds; ++round) {
            const std::size_t entering = steepest(refused);
            if (entering == n) break;
            chosen_ |= std::uint64_t{1} << entering;
            if (move_to_minimum(entering)) refused = 0;
            else refused |= std::uint64_t{1} << entering;
        }
        return x_;
    }

private:
    static constexpr double smallest_slope = 1e-11;
    static constexpr std::size_t most_rounds = 20 * n;

    bool has(std::size_t i) const { return chosen_ >> i & 1; }

    // Of the variables at 0, the one that lowers the objective most; n when none does.
    std::size_t steepest(std::uint64_t refused) const {
        std::size_t best = n;
        double best_slope = tolerance_;
        for (std::size_t i = 0; i < n; ++i) {
            if (has(i) || refused >> i & 1) continue;
            double slope = equations_.vector[i];
            for (std::size_t j = 0; j < n; ++j)
                slope -= equations_.matrix[std::max(i, j)][std::min(i, j)] * x_[j];
            if (slope > best_slope) best = i, best_slope = slope;
        }
        return best;
    }

    // False, with the variable taken out again, when it depends on the others.
    bool move_to_minimum(std::size_t entering) {
        for (bool first = true;; first = false) {
            const auto z = solve_subset(equations_, chosen_);
            if (first && (!z || (*z)[entering] <= 0)) {
                chosen_ &= ~(std::uint64_t{1} << entering);
                return false;
            }
            if (!z) return true;
            double step = 1;
            for (std::size_t i = 0; i < n; ++i)
                if (has(i) && (*z)[i] <= 0) step = std::min(step, x_[i] / (x_[i] - (*z)[i]));
            for (std::size_t i = 0; i < n; ++i) {
                if (!has(i)) continue;
                const bool leaves = (*z)[i] <= 0 && x_[i] / (x_[i] - (*z)[i]) <= step;
                x_[i] = leaves ? 0 : x_[i] + step * ((*z)[i] - x_[i]);
                if (leaves) chosen_ &= ~(std::uint64_t{1} << i);
            }
            if (step >= 1) return true;
        }
    }

    const NormalEquations<n>& equations_;
    std::array<double, n> x_{};
    std::uint64_t chosen_ = 0;
    double tolerance_ = 0;
};

}  // namespace nnls_detail

// The x >= 0 that minimizes x'Mx - 2v'x. Where columns depend on each other, some of them stay 0.
template <std::size_t n>
std::array<double, n> solve_non_negative(const NormalEquations<n>& equations) {
    static_assert(n <= 64, "the chosen variables are bits of one word");
    const auto scales = nnls_detail::column_scales(equations);
    const NormalEquations<n> unit = nnls_detail::scaled(equations, scales);
    std::array<double, n> x = nnls_detail::ActiveSet<n>(unit).solve();
    for (std::size_t i = 0; i < n; ++i) x[i] *= scales[i];
    return x;
}

}  // namespace decodemeter
