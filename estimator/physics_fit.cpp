#include "estimator/physics_fit.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "estimator/nnls.hpp"
#include "estimator/residual_fit.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

// Note [Between and within]
// A record's total T over n steps says how high its steps are; its single steps say how they grow
// with the position. Their errors differ: what shifts a whole record (its run, its configuration,
// the state of the machine) does not touch the differences inside it. So a record gives one
// equation for its level,
//     beta . basis(1..n) / T = 1,
// and, for each segment of positions 1, 2-3, 4-7, 8-15, ... one for its deviation from the record's
// mean step m,
//     beta . (basis(segment)/length - basis(1..n)/n) / m = (mean(segment) - m) / m.
// Each kind is weighted by the inverse of its own squared spread, estimated from its residuals.
// Otherwise a data set that is both slower and longer than another would be taken for a slope with
// the position.

namespace {

constexpr int reweightings = 8;
constexpr double huber_limit = 1.345;  // 95 % efficiency where the errors are normal
constexpr double smallest_spread = 1e-5;
constexpr double normal_mad = 0.6745;  // median |x| of a standard normal

template <std::size_t n>
struct Equation {
    std::array<double, n> row;
    double target = 1;
    double precision = 1;  // the inverse variance, relative to others of its kind
};

template <std::size_t n>
using Equations = std::vector<Equation<n>>;

template <std::size_t n>
double residual(const Equation<n>& equation, const std::array<double, n>& x) {
    double value = -equation.target;
    for (std::size_t i = 0; i < n; ++i) value += equation.row[i] * x[i];
    return value * std::sqrt(equation.precision);
}

template <std::size_t n>
double spread(const Equations<n>& equations, const std::array<double, n>& x) {
    std::vector<double> sizes;
    sizes.reserve(equations.size());
    for (const auto& equation : equations) sizes.push_back(std::abs(residual(equation, x)));
    const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
    std::nth_element(sizes.begin(), middle, sizes.end());
    return std::max(*middle / normal_mad, smallest_spread);
}

template <std::size_t n>
void add_robustly(NormalEquations<n>& sums, const Equations<n>& equations,
                  const std::array<double, n>& x) {
    if (equations.empty()) return;
    const double scale = spread(equations, x);
    for (const auto& equation : equations) {
        const double size = std::abs(residual(equation, x)) / scale;
        const double huber = size <= huber_limit ? 1 : huber_limit / size;
        sums.add(equation.row, equation.target, huber * equation.precision / (scale * scale));
    }
}

template <std::size_t n>
std::array<double, n> fit_robustly(const Equations<n>& between, const Equations<n>& within) {
    NormalEquations<n> start;
    for (const auto& equation : between) start.add(equation.row, equation.target, 1);
    std::array<double, n> x = solve_non_negative(start);
    for (int round = 0; round < reweightings; ++round) {
        NormalEquations<n> sums;
        add_robustly(sums, between, x);
        add_robustly(sums, within, x);
        const auto next = solve_non_negative(sums);
        const bool settled = std::equal(x.begin(), x.end(), next.begin(), [](double a, double b) {
            return std::abs(a - b) <= 1e-7 * std::max(std::abs(a), std::abs(b));
        });
        x = next;
        if (settled) break;
    }
    return x;
}

template <std::size_t n>
std::array<double, n> divided(std::array<double, n> basis, double divisor) {
    for (double& value : basis) value /= divisor;
    return basis;
}

void add_segments(Equations<step_terms>& within, const Row& row, std::span<const double> steps) {
    const double mean_ms = mean(steps);
    const StepBasis whole = divided(step_range_basis(row.request, 1, row.steps()), row.steps());
    for (int first = 1; first <= row.steps(); first *= 2) {
        const int last = std::min(2 * first - 1, row.steps());
        const int length = last - first + 1;
        const double segment_ms = mean(steps.subspan(static_cast<std::size_t>(first - 1), length));
        Equation<step_terms> equation;
        equation.row = divided(step_range_basis(row.request, first, last), length);
        for (std::size_t i = 0; i < step_terms; ++i)
            equation.row[i] = (equation.row[i] - whole[i]) / mean_ms;
        equation.target = (segment_ms - mean_ms) / mean_ms;
        equation.precision = length;
        within.push_back(equation);
    }
}

StepBasis fit_steps(const Dataset& dataset, std::span<const int> rows) {
    Equations<step_terms> between, within;
    for (const int index : rows) {
        const Row& row = dataset.rows[index];
        if (row.steps() < 1 || row.decode_ms <= 0) continue;
        between.push_back({divided(step_range_basis(row.request, 1, row.steps()), row.decode_ms)});
        if (row.has_steps && row.steps() >= 2) add_segments(within, row, dataset.steps(row));
    }
    return fit_robustly(between, within);
}

PrefillBasis fit_prefill(const Dataset& dataset, std::span<const int> rows) {
    Equations<prefill_terms> equations;
    equations.reserve(rows.size());
    for (const int index : rows) {
        const Row& row = dataset.rows[index];
        if (row.prefill_ms > 0)
            equations.push_back({divided(prefill_basis(row.request), row.prefill_ms)});
    }
    return fit_robustly(equations, {});
}

}  // namespace

StepPhysics fit_step_physics(const Dataset& dataset, std::span<const int> rows) {
    return {fit_steps(dataset, rows), fit_prefill(dataset, rows)};
}

PhysicsModel fit_physics_model(const Dataset& dataset, std::span<const int> rows,
                               std::uint64_t seed) {
    const StepPhysics physics = fit_step_physics(dataset, rows);
    return {physics, fit_residual(dataset, rows, physics, seed)};
}

double physics_prefill_ms(const PhysicsModel& model, const Request& request) noexcept {
    return prefill_ms(model.physics, request) * residual_factors(model.residual, request).prefill;
}

double physics_decode_ms(const PhysicsModel& model, const Request& request,
                         int output_tokens) noexcept {
    return decode_ms(model.physics, request, output_tokens) *
           residual_factors(model.residual, request).decode;
}

}  // namespace decodemeter
