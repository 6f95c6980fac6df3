// The curves of the decode steps, fitted. See Note [Between and within] in decode_fit.cpp.
#pragma once

#include <span>

#include "estimator/data/dataset.hpp"
#include "estimator/fit/decode_equations.hpp"

namespace decodemeter {

struct DecodeEquations {
    std::vector<DecodeEquation> between;  // one for each row with steps
    std::vector<DecodeEquation> within;   // one for each segment of rows that have single steps
    KnobCost typical_share{};             // mean of each knob term over the mean step
    DecodeWeights typical_weights{};      // mean of each curve's weight for each step
};
DecodeEquations make_decode_equations(const Dataset& dataset, std::span<const int> rows);

CurveCosts fit_decode(const Dataset& dataset, std::span<const int> rows);

}  // namespace decodemeter
