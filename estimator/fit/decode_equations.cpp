#include "estimator/fit/decode_equations.hpp"

#include <algorithm>

namespace decodemeter {

namespace {

// Each curve's weight in terms of the shapes: the weights are linear in the sums.
std::array<StepShapes, decode_curves> make_combinations() {
    std::array<StepShapes, decode_curves> combinations{};
    for (std::size_t shape = 0; shape < step_shapes; ++shape) {
        // Counts and first steps large enough that no weight is cut off at 0.
        StepSums low{100, 1, 1, 1, 1, 1, 1};
        StepSums high = low;
        constexpr std::array fields = {&StepSums::count,       &StepSums::first,
                                       &StepSums::last,        &StepSums::inverse_positions,
                                       &StepSums::positions,   &StepSums::contexts,
                                       &StepSums::first_prompt};
        high.*fields[shape] += 1;
        const DecodeWeights before = decode_weights(low);
        const DecodeWeights after = decode_weights(high);
        for (std::size_t curve = 0; curve < decode_curves; ++curve)
            combinations[curve][shape] = after[curve] - before[curve];
    }
    return combinations;
}

const std::array<StepShapes, decode_curves>& combinations() {
    static const auto values = make_combinations();
    return values;
}

double element(const NormalEquations<shape_terms>& sums, std::size_t i, std::size_t j) {
    return sums.matrix[std::max(i, j)][std::min(i, j)];
}

// Shapes that a curve consists of: one or two.
template <class Use>
void for_shapes(std::size_t curve, const Use& use) {
    for (std::size_t shape = 0; shape < step_shapes; ++shape)
        if (combinations()[curve][shape] != 0) use(shape, combinations()[curve][shape]);
}

}  // namespace

StepShapes shapes_of(const StepSums& sums) noexcept {
    return {sums.count,     sums.first,    sums.last,        sums.inverse_positions,
            sums.positions, sums.contexts, sums.first_prompt};
}

ShapeCosts to_shapes(const CurveCosts& costs) noexcept {
    ShapeCosts shapes{};
    for (std::size_t curve = 0; curve < decode_curves; ++curve) {
        for_shapes(curve, [&](std::size_t shape, double share) {
            for (std::size_t k = 0; k < knob_terms; ++k)
                shapes[shape][k] += share * costs[curve][k];
        });
    }
    return shapes;
}

double residual(const DecodeEquation& equation, const ShapeCosts& costs) noexcept {
    double value = -equation.target;
    for (std::size_t shape = 0; shape < step_shapes; ++shape) {
        double cost = 0;
        for (std::size_t k = 0; k < knob_terms; ++k) cost += costs[shape][k] * equation.knobs[k];
        value += equation.shapes[shape] * cost;
    }
    return value;
}

NormalEquations<shape_terms> DecodeSums::total() const {
    NormalEquations<shape_terms> total;
    for (const auto& [knobs, sums] : by_knobs_) {
        for (std::size_t i = 0; i < shape_terms; ++i) {
            const std::size_t a = i / knob_terms;
            total.vector[i] += sums.vector[a] * knobs[i % knob_terms];
            for (std::size_t j = 0; j <= i; ++j)
                total.matrix[i][j] +=
                    sums.matrix[a][j / knob_terms] * knobs[i % knob_terms] * knobs[j % knob_terms];
        }
    }
    return total;
}

NormalEquations<curve_terms> in_curves(const NormalEquations<shape_terms>& sums,
                                       const std::array<bool, decode_curves>& allowed) {
    NormalEquations<curve_terms> result;
    for (std::size_t i = 0; i < curve_terms; ++i) {
        const std::size_t a = i / knob_terms;
        const std::size_t ka = i % knob_terms;
        if (!allowed[a]) continue;
        for_shapes(a, [&](std::size_t shape, double share) {
            result.vector[i] += share * sums.vector[shape * knob_terms + ka];
        });
        for (std::size_t j = 0; j <= i; ++j) {
            const std::size_t b = j / knob_terms;
            const std::size_t kb = j % knob_terms;
            if (!allowed[b]) continue;
            for_shapes(a, [&](std::size_t s, double share) {
                for_shapes(b, [&](std::size_t t, double other) {
                    result.matrix[i][j] +=
                        share * other * element(sums, s * knob_terms + ka, t * knob_terms + kb);
                });
            });
        }
    }
    return result;
}

double objective(const NormalEquations<curve_terms>& equations, const CurveCosts& costs) {
    const auto x = [&](std::size_t i) { return costs[i / knob_terms][i % knob_terms]; };
    double value = 0;
    for (std::size_t i = 0; i < curve_terms; ++i) {
        value -= 2 * equations.vector[i] * x(i);
        for (std::size_t j = 0; j < curve_terms; ++j)
            value += equations.matrix[std::max(i, j)][std::min(i, j)] * x(i) * x(j);
    }
    return value;
}

CurveCosts solve_curves(const NormalEquations<curve_terms>& equations) {
    const auto x = solve_non_negative(equations);
    CurveCosts costs;
    for (std::size_t i = 0; i < curve_terms; ++i) costs[i / knob_terms][i % knob_terms] = x[i];
    return costs;
}

}  // namespace decodemeter
