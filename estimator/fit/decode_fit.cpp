#include "estimator/fit/decode_fit.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "estimator/fit/robust_weights.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

// Note [Between and within]
// A record's total T over n steps says how high its steps are; its single steps say how they differ
// with the position. Their errors differ: what shifts a whole record (its run, its configuration,
// the state of the machine) does not touch the differences inside it. So a record gives one
// equation for its level,
//     cost of steps 1..n / T = 1,
// and, for each segment of positions 1, 2-3, 4-7, 8-15, ... and for the last step one for its
// deviation from the record's mean step m,
//     (cost of the segment / its length - cost of steps 1..n / n) / m = (mean(segment) - m) / m.
// Each kind is weighted by the inverse of its own squared spread, estimated from its residuals.
// Otherwise a data set that is both slower and longer than another would be taken for a slope with
// the position.
//
// Note [Kinds of curves]
// A kind of curve, as the first step's, is kept where leaving it out raises the sum of squared
// errors (each in units of its spread) by more than `least_gain`. Signed kinds are two curves, one
// for a higher and one for a lower cost. What few records say of a signed kind is shrunken by a
// prior: its cost is of the order of a typical step.

namespace {

constexpr int reweightings = 8;
constexpr double settled_change = 1e-6;
constexpr double least_gain = 20;        // chi-square of 3 coefficients: p < 2e-4
constexpr double prior_deviation = 0.5;  // of a signed kind's cost, in typical steps

using Allowed = std::array<bool, decode_curves>;

// Curves by kind; every_step always stays.
const std::vector<std::vector<std::size_t>> kinds = {{1, 2}, {3, 4}, {5, 6}, {7}, {8}, {9}};
constexpr std::array<std::size_t, 2> last_step_kind = {5, 6};
// The shapes of the signed kinds.
constexpr std::array<std::size_t, 3> signed_shapes = {1, 2, 3};

StepShapes scaled(StepShapes shapes, double factor) {
    for (double& value : shapes) value *= factor;
    return shapes;
}

void add_segment(DecodeEquations& equations, const Row& row, std::span<const double> steps,
                 const KnobCost& knobs, int first, int last) {
    const double mean_ms = mean(steps);
    const int n = row.steps();
    const int length = last - first + 1;
    const StepShapes whole = shapes_of(step_sums(row.request, 1, n, n));
    StepShapes part = shapes_of(step_sums(row.request, first, last, n));
    for (std::size_t i = 0; i < step_shapes; ++i)
        part[i] = (part[i] / length - whole[i] / n) / mean_ms;
    const double segment_ms =
        mean(steps.subspan(static_cast<std::size_t>(first - 1), static_cast<std::size_t>(length)));
    equations.within.push_back({part, knobs, segment_ms / mean_ms - 1, double(length)});
}

void add_row(DecodeEquations& equations, const Dataset& dataset, const Row& row) {
    const double blocks = row.request.active_blocks;
    const KnobCost knobs{1, blocks, blocks * row.request.top_k};
    const int n = row.steps();
    equations.between.push_back(
        {scaled(shapes_of(step_sums(row.request, 1, n, n)), 1 / row.decode_ms), knobs, 1, 1});
    for (std::size_t k = 0; k < knob_terms; ++k)
        equations.typical_share[k] += knobs[k] * n / row.decode_ms;
    const DecodeWeights weights = decode_weights(step_sums(row.request, 1, n, n));
    for (std::size_t curve = 0; curve < decode_curves; ++curve)
        equations.typical_weights[curve] += weights[curve] / n;
    if (!row.has_steps || n < 2) return;
    const std::span<const double> steps = dataset.steps(row);
    for (int first = 1; first < n; first *= 2)
        add_segment(equations, row, steps, knobs, first, std::min(2 * first - 1, n - 1));
    add_segment(equations, row, steps, knobs, n, n);
}

void add_robustly(DecodeSums& sums, const std::vector<DecodeEquation>& equations,
                  const ShapeCosts& costs) {
    std::vector<double> errors;
    errors.reserve(equations.size());
    for (const DecodeEquation& equation : equations)
        errors.push_back(residual(equation, costs) * std::sqrt(equation.precision));
    const double scale = robust_spread(errors);
    for (std::size_t i = 0; i < equations.size(); ++i)
        sums.add(equations[i], huber_weight(std::abs(errors[i]) / scale) * equations[i].precision /
                                   (scale * scale));
}

void add_prior(NormalEquations<shape_terms>& sums, const KnobCost& typical_share) {
    for (const std::size_t shape : signed_shapes) {
        for (std::size_t k = 0; k < knob_terms; ++k) {
            const double share = typical_share[k] / prior_deviation;
            sums.matrix[shape * knob_terms + k][shape * knob_terms + k] += share * share;
        }
    }
}

// Normal equations with each equation weighted by its error under `costs`.
NormalEquations<shape_terms> weighted_sums(const DecodeEquations& equations,
                                           const CurveCosts& costs) {
    DecodeSums sums;
    const ShapeCosts shapes = to_shapes(costs);
    add_robustly(sums, equations.between, shapes);
    add_robustly(sums, equations.within, shapes);
    NormalEquations<shape_terms> total = sums.total();
    add_prior(total, equations.typical_share);
    return total;
}

bool alike(const CurveCosts& a, const CurveCosts& b) {
    for (std::size_t curve = 0; curve < decode_curves; ++curve)
        for (std::size_t k = 0; k < knob_terms; ++k)
            if (std::abs(a[curve][k] - b[curve][k]) >
                settled_change * std::max(std::abs(a[curve][k]), std::abs(b[curve][k])))
                return false;
    return true;
}

CurveCosts reweighted(const DecodeEquations& equations, CurveCosts costs, const Allowed& allowed) {
    for (int round = 0; round < reweightings; ++round) {
        const CurveCosts next = solve_curves(in_curves(weighted_sums(equations, costs), allowed));
        const bool settled = alike(costs, next);
        costs = next;
        if (settled) break;
    }
    return costs;
}

// The kind that the records miss least, taken out of `allowed`; false when they miss each.
bool remove_kind(const NormalEquations<shape_terms>& sums, Allowed& allowed) {
    const auto best = [&](const Allowed& curves) {
        const auto equations = in_curves(sums, curves);
        return objective(equations, solve_curves(equations));
    };
    const double all = best(allowed);
    double least = least_gain;
    Allowed reduced = allowed;
    for (const auto& kind : kinds) {
        if (!allowed[kind.front()]) continue;
        Allowed without = allowed;
        for (const std::size_t curve : kind) without[curve] = false;
        const double gain = best(without) - all;
        if (gain >= least) continue;
        least = gain;
        reduced = without;
    }
    const bool removed = reduced != allowed;
    allowed = reduced;
    return removed;
}

CurveCosts first_guess(const DecodeEquations& equations) {
    Allowed allowed{};
    allowed[0] = true;
    DecodeSums sums;
    for (const DecodeEquation& equation : equations.between) sums.add(equation, 1);
    return solve_curves(in_curves(sums.total(), allowed));
}

}  // namespace

DecodeEquations make_decode_equations(const Dataset& dataset, std::span<const int> rows) {
    DecodeEquations equations;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        if (row.steps() >= 1 && row.decode_ms > 0) add_row(equations, dataset, row);
    }
    const double count = std::max(static_cast<double>(equations.between.size()), 1.0);
    for (double& share : equations.typical_share) share /= count;
    for (double& weight : equations.typical_weights) weight /= count;
    return equations;
}

CurveCosts fit_decode(const Dataset& dataset, std::span<const int> rows) {
    const DecodeEquations equations = make_decode_equations(dataset, rows);
    Allowed allowed;
    allowed.fill(true);
    // A total holds a first step and a last one: without single steps they cannot be told apart.
    if (equations.within.empty())
        for (const std::size_t curve : last_step_kind) allowed[curve] = false;
    CurveCosts costs = reweighted(equations, first_guess(equations), allowed);
    const NormalEquations<shape_terms> sums = weighted_sums(equations, costs);
    bool removed = false;
    while (remove_kind(sums, allowed)) removed = true;
    return removed ? reweighted(equations, costs, allowed) : costs;
}

}  // namespace decodemeter
