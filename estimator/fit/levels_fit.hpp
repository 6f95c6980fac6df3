// What measured configurations cost relative to the physical model.
#pragma once

#include <span>
#include <vector>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

// One for each configuration among `rows`, sorted as the configurations. The mean logarithm of
// measured over predicted times is shrunken by the share of its variance that differs between
// configurations (empirical Bayes), so that levels which the records do not show are 1.
std::vector<ConfigurationLevel> fit_levels(const Dataset& dataset, std::span<const int> rows,
                                           const PhysicsModel& model);

}  // namespace decodemeter
