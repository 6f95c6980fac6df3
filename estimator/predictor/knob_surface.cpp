#include "estimator/predictor/knob_surface.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace decodemeter {

// Note [Corrections that never let a time fall]
// A residual and levels of single configurations correct the curves by factors that may fall where
// a knob grows. A time is a sum of curves with weights >= 0 that do not depend on the knobs, so it
// never falls if no curve does. For each curve, over the grid of a tier's knobs:
//   1. the curve times the residual is replaced by the mean of its running maximum (over all points
//      below) and its running minimum (over all points above): both never fall;
//   2. measured points: the same of the result times their levels, among measured points alone;
//   3. every other point: the value of step 1, limited to the largest measured value below it and
//      the smallest above it. The median of three functions that never fall never falls.

namespace {

struct Grid {
    int width = 0;
    int height = 0;
    std::vector<double> values;  // height rows of width

    double& at(int x, int y) {
        return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                      static_cast<std::size_t>(x)];
    }
};

constexpr double none = std::numeric_limits<double>::quiet_NaN();

// fmax and fmin take the other value where one is NaN.
Grid running_maximum(Grid grid) {
    for (int y = 0; y < grid.height; ++y) {
        for (int x = 0; x < grid.width; ++x) {
            if (x > 0) grid.at(x, y) = std::fmax(grid.at(x, y), grid.at(x - 1, y));
            if (y > 0) grid.at(x, y) = std::fmax(grid.at(x, y), grid.at(x, y - 1));
        }
    }
    return grid;
}

Grid running_minimum(Grid grid) {
    for (int y = grid.height - 1; y >= 0; --y) {
        for (int x = grid.width - 1; x >= 0; --x) {
            if (x + 1 < grid.width) grid.at(x, y) = std::fmin(grid.at(x, y), grid.at(x + 1, y));
            if (y + 1 < grid.height) grid.at(x, y) = std::fmin(grid.at(x, y), grid.at(x, y + 1));
        }
    }
    return grid;
}

// NaN stays where `grid` has it.
Grid monotone(const Grid& grid) {
    const Grid high = running_maximum(grid);
    const Grid low = running_minimum(grid);
    Grid result = grid;
    for (std::size_t i = 0; i < grid.values.size(); ++i)
        if (!std::isnan(grid.values[i])) result.values[i] = (high.values[i] + low.values[i]) / 2;
    return result;
}

// Factors of every point, and of the measured ones their levels, else NaN.
struct Factors {
    Grid residual;
    Grid level;
};

Grid corrected(Grid curve, const Factors& factors) {
    for (std::size_t i = 0; i < curve.values.size(); ++i)
        curve.values[i] *= factors.residual.values[i];
    curve = monotone(curve);
    Grid measured = curve;
    for (std::size_t i = 0; i < curve.values.size(); ++i)
        measured.values[i] *= factors.level.values[i];
    measured = monotone(measured);
    const Grid low = running_maximum(measured);
    const Grid high = running_minimum(measured);
    for (std::size_t i = 0; i < curve.values.size(); ++i)
        curve.values[i] = std::fmin(std::fmax(curve.values[i], low.values[i]), high.values[i]);
    return curve;
}

TierSurface frame_of(const std::vector<ConfigurationLevel>& levels, int tier) {
    TierSurface surface;
    bool first = true;
    for (const ConfigurationLevel& level : levels) {
        if (level.tier != tier) continue;
        surface.first_top_k = first ? level.top_k : std::min(surface.first_top_k, level.top_k);
        surface.last_top_k = first ? level.top_k : std::max(surface.last_top_k, level.top_k);
        surface.first_blocks =
            first ? level.active_blocks : std::min(surface.first_blocks, level.active_blocks);
        surface.last_blocks =
            first ? level.active_blocks : std::max(surface.last_blocks, level.active_blocks);
        first = false;
    }
    return surface;
}

Factors factors_of(const PhysicsModel& model, const TierSurface& frame, int tier,
                   double KnobFactors::*residual, double ConfigurationLevel::*own) {
    const int width = frame.width();
    const int height = frame.last_blocks - frame.first_blocks + 1;
    const auto size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    Factors factors{{width, height, std::vector<double>(size, 1)},
                    {width, height, std::vector<double>(size, none)}};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const Request knobs{0, 0, tier, frame.first_top_k + x, frame.first_blocks + y, 0};
            factors.residual.at(x, y) = residual_factors(model.residual, knobs).*residual;
        }
    }
    for (const ConfigurationLevel& level : model.levels) {
        if (level.tier == tier)
            factors.level.at(level.top_k - frame.first_top_k,
                             level.active_blocks - frame.first_blocks) = level.*own;
    }
    return factors;
}

template <std::size_t n>
void correct(TierSurface& surface, std::array<double, n> CurveValues::*curves,
             const Factors& factors) {
    for (std::size_t curve = 0; curve < n; ++curve) {
        Grid grid = factors.residual;
        for (std::size_t i = 0; i < grid.values.size(); ++i)
            grid.values[i] = (surface.cells[i].*curves)[curve];
        grid = corrected(std::move(grid), factors);
        for (std::size_t i = 0; i < grid.values.size(); ++i)
            (surface.cells[i].*curves)[curve] = grid.values[i];
    }
}

}  // namespace

TierSurface make_surface(const PhysicsModel& model, int tier) {
    TierSurface surface = frame_of(model.levels, tier);
    const int height = surface.last_blocks - surface.first_blocks + 1;
    if (surface.width() < 1 || surface.width() > widest_surface || height > widest_surface)
        return {};
    for (int blocks = surface.first_blocks; blocks <= surface.last_blocks; ++blocks)
        for (int top_k = surface.first_top_k; top_k <= surface.last_top_k; ++top_k)
            surface.cells.push_back(curve_values(model.physics, top_k, blocks));
    correct(surface, &CurveValues::decode,
            factors_of(model, surface, tier, &KnobFactors::decode, &ConfigurationLevel::decode));
    correct(surface, &CurveValues::prefill,
            factors_of(model, surface, tier, &KnobFactors::prefill, &ConfigurationLevel::prefill));
    return surface;
}

}  // namespace decodemeter
