// Named simulations with a known truth, to test what an audit claims.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "estimator/data/published_export.hpp"
#include "estimator/simulate/simulate.hpp"

namespace decodemeter {

struct SimulatedTruth {
    std::string_view name;
    std::string_view sentence;    // what is true of the records
    std::string_view parameters;  // JSON over the parameters that all truths share
    // Published documents with this figure as T_decode_per_token; none: native records.
    std::optional<PerTokenFigure> published = std::nullopt;
};

std::span<const SimulatedTruth> simulated_truths() noexcept;

// Throws InputError where no truth has the name.
const SimulatedTruth& find_truth(std::string_view name);

// Sets the parameters: 320 requests over 18 configurations and four data sets, a step that costs
// the same at every position and context, and what the truth changes.
void apply_truth(SimulationParameters& parameters, const SimulatedTruth& truth);

}  // namespace decodemeter
