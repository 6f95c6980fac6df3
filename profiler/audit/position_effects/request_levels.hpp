// Does the level of the requests move over the run, or go with their output length? Drift, shift,
// level_by_length and two speeds of requests.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "profiler/audit/position_effects/position_effect.hpp"
#include "profiler/audit/position_effects/step_panel.hpp"

namespace decodemeter {

// The level of one request: what its settled steps cost, the effects of position taken out.
struct RequestLevel {
    std::size_t cell = 0;  // requests of one cell do the same work: configuration and data set
    double place = 0;      // in the run, from 0 to 1
    double tokens = 0;     // N
    double ms = 0;
    int settled_steps = 0;  // that it is the mean of
};

// Of every request with at least `least_steps` settled steps.
std::vector<RequestLevel> request_levels(const StepPanel& panel, const PositionModel& model);

struct LevelEffects {
    std::string untested;        // why nothing was looked for; empty: it was
    std::string drift_untested;  // why no drift or shift was looked for
    std::vector<PositionEffect> effects;
};

// Levels within cells of 2 requests or more, against the place in the run and log N together, so
// that lengths that go with time blame neither. A change of the level over the run is a shift where
// a step at one moment explains it better than a line, else a drift. Neither is looked for where
// the places are not `timed`: records in the order of their files may lie by configuration.
LevelEffects find_level_effects(std::span<const RequestLevel> levels, bool timed);

}  // namespace decodemeter
