#include "estimator/fit/physics_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "estimator/fit/decode_fit.hpp"
#include "estimator/fit/levels_fit.hpp"
#include "estimator/fit/nnls.hpp"
#include "estimator/fit/residual_fit.hpp"
#include "estimator/fit/robust_weights.hpp"

namespace decodemeter {

namespace {

constexpr int reweightings = 8;

// [1, crops, L, L T, L T k, L T^2] of a row over its time: its product with the coefficients is 1.
using PrefillRow = std::array<double, 6>;

double residual(const PrefillRow& row, const PrefillRow& x) {
    double value = -1;
    for (std::size_t i = 0; i < x.size(); ++i) value += row[i] * x[i];
    return value;
}

std::vector<PrefillRow> prefill_rows(const Dataset& dataset, std::span<const int> rows) {
    std::vector<PrefillRow> equations;
    equations.reserve(rows.size());
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        if (row.prefill_ms <= 0) continue;
        const auto [one, crops, tokens, squared_tokens] = prefill_weights(row.request);
        const double blocks = row.request.active_blocks;
        const double k = row.request.top_k;
        equations.push_back(
            {one, crops, blocks, blocks * tokens, blocks * tokens * k, blocks * squared_tokens});
        for (double& value : equations.back()) value /= row.prefill_ms;
    }
    return equations;
}

PrefillRow solve(const std::vector<PrefillRow>& rows, std::span<const double> weights) {
    NormalEquations<std::tuple_size_v<PrefillRow>> sums;
    for (std::size_t i = 0; i < rows.size(); ++i) sums.add(rows[i], 1, weights[i]);
    return solve_non_negative(sums);
}

PrefillRow fit_prefill(const Dataset& dataset, std::span<const int> rows) {
    const std::vector<PrefillRow> equations = prefill_rows(dataset, rows);
    std::vector<double> weights(equations.size(), 1);
    PrefillRow x = solve(equations, weights);
    for (int round = 0; round < reweightings; ++round) {
        for (std::size_t i = 0; i < equations.size(); ++i) weights[i] = residual(equations[i], x);
        const double scale = robust_spread(weights);
        for (double& weight : weights) weight = huber_weight(std::abs(weight) / scale);
        x = solve(equations, weights);
    }
    return x;
}

}  // namespace

Physics fit_physics(const Dataset& dataset, std::span<const int> rows) {
    const PrefillRow prefill = fit_prefill(dataset, rows);
    return {fit_decode(dataset, rows),
            {{{prefill[0], prefill[2], 0},
              {prefill[1], 0, 0},
              {0, prefill[3], prefill[4]},
              {0, prefill[5], 0}}}};
}

PhysicsModel fit_physics_model(const Dataset& dataset, std::span<const int> rows,
                               std::uint64_t seed) {
    const Physics physics = fit_physics(dataset, rows);
    const Residual residual = fit_residual(dataset, rows, physics, seed);
    return make_physics_model(physics, residual,
                              fit_levels(dataset, rows, make_physics_model(physics, residual, {})));
}

}  // namespace decodemeter
