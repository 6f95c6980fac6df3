#include "estimator/transfer.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "estimator/nnls.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

// Note [Terms scale alike, or nearly]
// Another device runs all terms of the physical model faster or slower by much the same factor, but
// not by exactly the same: launches follow the host, weights the memory, attention the arithmetic.
// So the new coefficients b minimise
//     sum over requests of ((b . basis) / T - 1)^2 + lambda sum over terms of (b_j / (s a_j) -
//     1)^2,  b >= 0,
// with a the old coefficients and s the median of measured over predicted. lambda is the variance
// of a request's error over that of a term's factor, so that few requests leave what they say
// little of near s a_j.

namespace {

constexpr double request_deviation = 0.03;
constexpr double term_deviation = 0.5;
constexpr double prior_weight =
    request_deviation * request_deviation / (term_deviation * term_deviation);

template <std::size_t n>
struct Measured {
    std::array<double, n> basis;
    double time_ms;
};

template <std::size_t n>
double dot(const std::array<double, n>& a, const std::array<double, n>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

template <std::size_t n>
std::array<double, n> refitted(const std::array<double, n>& old,
                               const std::vector<Measured<n>>& requests) {
    if (requests.empty()) return old;
    std::vector<double> ratios;
    for (const Measured<n>& request : requests)
        ratios.push_back(request.time_ms / dot(old, request.basis));
    const double scale = median(ratios);
    NormalEquations<n> equations;
    for (const Measured<n>& request : requests) {
        std::array<double, n> row = request.basis;
        for (double& value : row) value /= request.time_ms;
        equations.add(row, 1, 1);
    }
    for (std::size_t j = 0; j < n; ++j) {
        std::array<double, n> row{};
        // A term that the old device did not have stays away.
        if (old[j] > 0) row[j] = 1 / (scale * old[j]);
        else row[j] = 1e6;
        equations.add(row, old[j] > 0 ? 1 : 0, prior_weight);
    }
    return solve_non_negative(equations);
}

void rescale_table(CostTable& table, const LatencyModel& before, const LatencyModel& after) {
    for (ConfigurationCost& cost : table.costs) {
        const Request request{cost.vision_tokens, 60, cost.tier, cost.top_k, cost.active_blocks, 0};
        cost.step_ms *= model_decode_ms(after, request, 20) / model_decode_ms(before, request, 20);
        cost.prefill_ms *= model_prefill_ms(after, request) / model_prefill_ms(before, request);
    }
}

}  // namespace

std::vector<int> rows_to_measure(const Dataset& dataset, int count, std::uint64_t seed) {
    std::vector<int> rows = fitted_rows(dataset);
    std::mt19937_64 random(seed);
    std::shuffle(rows.begin(), rows.end(), random);
    std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) {
        return dataset.rows[static_cast<std::size_t>(a)].steps() > 1 &&
               dataset.rows[static_cast<std::size_t>(b)].steps() <= 1;
    });
    std::set<int> taken;
    std::vector<int> chosen, rest;
    for (const int row : rows) {
        const bool fresh = taken.insert(dataset.rows[static_cast<std::size_t>(row)].config).second;
        (fresh ? chosen : rest).push_back(row);
    }
    chosen.insert(chosen.end(), rest.begin(), rest.end());
    chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(std::max(count, 0))));
    return chosen;
}

LatencyModel transferred(const LatencyModel& source, const Dataset& dataset,
                         std::span<const int> rows) {
    std::vector<Measured<step_terms>> decodes;
    std::vector<Measured<prefill_terms>> prefills;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        const ResidualFactors factors = residual_factors(source.residual, row.request);
        if (row.steps() > 0 && row.decode_ms > 0)
            decodes.push_back(
                {step_range_basis(row.request, 1, row.steps()), row.decode_ms / factors.decode});
        if (row.prefill_ms > 0)
            prefills.push_back({prefill_basis(row.request), row.prefill_ms / factors.prefill});
    }
    LatencyModel model = source;
    model.physics = {refitted(source.physics.beta, decodes),
                     refitted(source.physics.gamma, prefills)};
    rescale_table(model.table, source, model);
    // A network has no terms that could be rescaled.
    model.average = {};
    model.provenance.device = dataset.device + ", transferred from " + source.provenance.device;
    model.provenance.records_hash = dataset.records_hash;
    model.provenance.records = static_cast<std::int64_t>(rows.size());
    model.provenance.synthetic = dataset.synthetic || source.provenance.synthetic;
    model.provenance.held_out_keys.clear();
    model.provenance.fitted_records.clear();
    for (const int row : rows)
        model.provenance.fitted_records.push_back(
            record_hash(dataset.rows[static_cast<std::size_t>(row)]));
    std::sort(model.provenance.fitted_records.begin(), model.provenance.fitted_records.end());
    return model;
}

}  // namespace decodemeter
