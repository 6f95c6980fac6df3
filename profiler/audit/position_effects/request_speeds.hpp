// Do requests that do the same work fall into two groups of speed?
#pragma once

#include <optional>
#include <span>

#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/audit/position_effects/request_levels.hpp"

namespace decodemeter {

// All cells of 4 requests or more together: each cell has a level of its own and the fast and the
// slow requests of all cells lie the same distance apart. `by_log_tokens` is the growth of log
// level with log N, taken out first.
std::optional<PositionEffect> find_two_request_speeds(std::span<const RequestLevel> levels,
                                                      double by_log_tokens);

}  // namespace decodemeter
