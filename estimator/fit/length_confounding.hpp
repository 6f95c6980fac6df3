// Whether the records' answer lengths follow a knob, so that the two effects cannot be told apart.
#pragma once

#include <optional>
#include <span>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

// The knob (tier, top_k, num_active_blocks, or configuration for all of them together) that
// explains the largest share of the variance of log(N-1), where that is at least a quarter; a
// single knob goes before `configuration` where it explains nearly as much. None with fewer than 40
// rows.
std::optional<LengthConfounding> find_length_confounding(const Dataset& dataset,
                                                         std::span<const int> rows);

// One sentence for people.
std::string to_string(const LengthConfounding& confounding);

}  // namespace decodemeter
