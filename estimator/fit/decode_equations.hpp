// Least-squares equations for the curves of the decode steps.
#pragma once

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "estimator/fit/nnls.hpp"
#include "estimator/predictor/latency_curves.hpp"

namespace decodemeter {

// What the weights of the curves are combinations of: count, first, last, 1/s, s, context, and the
// prompt tokens of step 1.
inline constexpr std::size_t step_shapes = 7;
using StepShapes = std::array<double, step_shapes>;
StepShapes shapes_of(const StepSums& sums) noexcept;

inline constexpr std::size_t shape_terms = step_shapes * knob_terms;
inline constexpr std::size_t curve_terms = decode_curves * knob_terms;
using ShapeCosts = std::array<KnobCost, step_shapes>;
using CurveCosts = std::array<KnobCost, decode_curves>;

// The same costs for each shape; a shape's may be negative.
ShapeCosts to_shapes(const CurveCosts& costs) noexcept;

// shapes . costs(knobs) = target, with the inverse variance relative to others of its kind.
struct DecodeEquation {
    StepShapes shapes;
    KnobCost knobs;
    double target = 1;
    double precision = 1;
};
double residual(const DecodeEquation& equation, const ShapeCosts& costs) noexcept;

// Normal equations, summed by setting of the knobs before these are multiplied in.
class DecodeSums {
public:
    void add(const DecodeEquation& equation, double weight) {
        by_knobs_[equation.knobs].add(equation.shapes, equation.target, weight);
    }
    NormalEquations<shape_terms> total() const;

private:
    std::map<KnobCost, NormalEquations<step_shapes>> by_knobs_;
};

// In terms of the curves, without those that are not `allowed`.
NormalEquations<curve_terms> in_curves(const NormalEquations<shape_terms>& sums,
                                       const std::array<bool, decode_curves>& allowed);

// x'Mx - 2v'x.
double objective(const NormalEquations<curve_terms>& equations, const CurveCosts& costs);
CurveCosts solve_curves(const NormalEquations<curve_terms>& equations);

}  // namespace decodemeter
