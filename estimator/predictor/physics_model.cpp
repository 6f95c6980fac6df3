#include "estimator/predictor/physics_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "estimator/predictor/knob_surface.hpp"

namespace decodemeter {

namespace {

bool corrects(const Residual& residual, const std::vector<ConfigurationLevel>& levels) {
    return residual.decode || residual.prefill ||
           std::any_of(levels.begin(), levels.end(), [](const ConfigurationLevel& level) {
               return level.decode != 1 || level.prefill != 1;
           });
}

// Between the values at the nearest settings below and above that the surface has.
CurveValues beside_surface(const TierSurface& surface, CurveValues values, int top_k,
                           int blocks) noexcept {
    const auto each = [&](const CurveValues& bound, const auto& choose) {
        for (std::size_t i = 0; i < decode_curves; ++i)
            values.decode[i] = choose(values.decode[i], bound.decode[i]);
        for (std::size_t i = 0; i < prefill_curves; ++i)
            values.prefill[i] = choose(values.prefill[i], bound.prefill[i]);
    };
    if (top_k >= surface.first_top_k && blocks >= surface.first_blocks)
        each(surface.at(std::min(top_k, surface.last_top_k), std::min(blocks, surface.last_blocks)),
             [](double a, double b) { return std::max(a, b); });
    if (top_k <= surface.last_top_k && blocks <= surface.last_blocks)
        each(surface.at(std::max(top_k, surface.first_top_k),
                        std::max(blocks, surface.first_blocks)),
             [](double a, double b) { return std::min(a, b); });
    return values;
}

}  // namespace

KnobFactors residual_factors(const Residual& residual, const Request& request) noexcept {
    if (!residual.decode && !residual.prefill) return {};
    const Request knobs{0, 0, request.tier, request.top_k, request.active_blocks, 0};
    const auto [decode, prefill] = residual.network(knobs);
    const auto factor = [](double raw) { return std::exp(residual_limit * std::tanh(raw)); };
    return {residual.decode ? factor(decode) : 1.0, residual.prefill ? factor(prefill) : 1.0};
}

PhysicsModel make_physics_model(const Physics& physics, Residual residual,
                                std::vector<ConfigurationLevel> levels) {
    PhysicsModel model{physics, std::move(residual), std::move(levels), {}};
    if (!corrects(model.residual, model.levels)) return model;
    for (int tier = 0; tier < 3; ++tier)
        model.surfaces[static_cast<std::size_t>(tier)] = make_surface(model, tier);
    return model;
}

CurveValues curves_of(const PhysicsModel& model, const Request& request) noexcept {
    const TierSurface& surface = model.surfaces[static_cast<std::size_t>(request.tier)];
    const int k = request.top_k;
    const int blocks = request.active_blocks;
    if (surface.cells.empty()) return curve_values(model.physics, k, blocks);
    if (k >= surface.first_top_k && k <= surface.last_top_k && blocks >= surface.first_blocks &&
        blocks <= surface.last_blocks)
        return surface.at(k, blocks);
    return beside_surface(surface, curve_values(model.physics, k, blocks), k, blocks);
}

double physics_prefill_ms(const PhysicsModel& model, const Request& request) noexcept {
    return prefill_ms(curves_of(model, request), request);
}

double physics_step_ms(const PhysicsModel& model, const Request& request, int step) noexcept {
    return step_ms(curves_of(model, request), request, step);
}

double physics_decode_ms(const PhysicsModel& model, const Request& request,
                         int output_tokens) noexcept {
    return decode_ms(curves_of(model, request), request, output_tokens);
}

}  // namespace decodemeter
