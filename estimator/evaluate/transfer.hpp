// A model from one device refitted to another from a few requests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimator/data/dataset.hpp"

namespace decodemeter {

// So many rows, each of another configuration as far as there are enough, and long answers rather
// than short ones: what to measure first on a new device.
std::vector<int> rows_to_measure(const Dataset& dataset, int count, std::uint64_t seed);

// See Note [Terms scale alike, or nearly] in transfer.cpp. Ranges stay those
// of `source`; its bounds are stretched to what each request shows when it is left out of the
// refit; only configurations among the requests count as measured.
LatencyModel transferred(const LatencyModel& source, const Dataset& dataset,
                         std::span<const int> rows);

}  // namespace decodemeter
