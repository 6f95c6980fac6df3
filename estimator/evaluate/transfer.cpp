#include "estimator/evaluate/transfer.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "estimator/evaluate/predictions.hpp"
#include "estimator/fit/decode_fit.hpp"
#include "estimator/fit/nnls.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

// Note [Terms scale alike, or nearly]
// Another device runs all terms of the physical model faster or slower by much the same factor, but
// not by exactly the same: launches follow the host, weights the memory, attention the arithmetic.
// So the new coefficients b >= 0 minimize the squared relative errors of the requests, and of the
// deviations of their steps from their mean, each over its variance, plus
//     ((b_j / (s a_j) - 1) / term_deviation)^2
// for each term, with a the old coefficients and s the median of measured over predicted. A term
// that the old device did not have is expected to be 0 within `new_term_deviation` of a typical
// time, so that a first step that costs more on the new device alone can be learned. Few requests
// leave what they say little of near s a_j.

namespace {

constexpr double request_deviation = 0.03;
constexpr int scale_rounds = 6;
constexpr double term_deviation = 0.5;
constexpr double least_share = 0.01;  // of a typical time, below which a term is a new one
constexpr double new_term_deviation = 0.3;

// What a coefficient is expected to be, with the weight of that expectation.
struct Prior {
    double value;
    double weight;
};

Prior prior_of(double old, double scale, double typical_share) {
    const double expected = scale * old;
    if (expected * typical_share > least_share)
        return {expected, 1 / (term_deviation * term_deviation * expected * expected)};
    const double share = typical_share / new_term_deviation;
    return {expected, share * share};
}

template <std::size_t n>
void add_prior(NormalEquations<n>& sums, std::size_t term, const Prior& prior) {
    sums.matrix[term][term] += prior.weight;
    sums.vector[term] += prior.weight * prior.value;
}

// Coefficients by term; `typical` is each term's share of a typical time for a coefficient of 1.
// The first `scale` counts what new terms cost as if the old ones had grown, so it is taken anew
// from the old terms of each solution.
template <std::size_t n>
std::array<double, n> solve_near(const NormalEquations<n>& requests,
                                 const std::array<double, n>& old,
                                 const std::array<double, n>& typical, double scale) {
    std::array<double, n> x{};
    for (int round = 0; round < scale_rounds; ++round) {
        NormalEquations<n> sums = requests;
        for (std::size_t i = 0; i < n; ++i) add_prior(sums, i, prior_of(old[i], scale, typical[i]));
        x = solve_non_negative(sums);
        double before = 0;
        double after = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (old[i] <= 0) continue;
            before += typical[i] * old[i];
            after += typical[i] * x[i];
        }
        if (!(after > 0)) break;
        scale = after / before;
    }
    return x;
}

// All coefficients of the curves in one row, and back.
template <std::size_t curves>
std::array<double, curves * knob_terms> flat(const std::array<KnobCost, curves>& costs) {
    std::array<double, curves * knob_terms> terms;
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = costs[i / knob_terms][i % knob_terms];
    return terms;
}

template <std::size_t terms>
std::array<KnobCost, terms / knob_terms> by_curve(const std::array<double, terms>& x) {
    std::array<KnobCost, terms / knob_terms> costs;
    for (std::size_t i = 0; i < terms; ++i) costs[i / knob_terms][i % knob_terms] = x[i];
    return costs;
}

double scale_of(std::span<const double> measured, std::span<const double> predicted) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < measured.size(); ++i)
        if (predicted[i] > 0) ratios.push_back(measured[i] / predicted[i]);
    return ratios.empty() ? 1 : median(ratios);
}

CurveCosts refitted_decode(const LatencyModel& source, const Dataset& dataset,
                           std::span<const int> rows) {
    const DecodeEquations equations = make_decode_equations(dataset, rows);
    if (equations.between.empty()) return source.physics.physics.decode;
    std::vector<double> measured;
    std::vector<double> predicted;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        measured.push_back(row.decode_ms);
        predicted.push_back(model_decode_ms(source, row.request, row.output_tokens));
    }
    const double scale = scale_of(measured, predicted);
    constexpr double weight = 1 / (request_deviation * request_deviation);
    DecodeSums sums;
    for (const auto* kind : {&equations.between, &equations.within})
        for (const DecodeEquation& equation : *kind)
            sums.add(equation, weight * equation.precision);
    std::array<bool, decode_curves> allowed;
    allowed.fill(true);
    std::array<double, curve_terms> typical;
    for (std::size_t i = 0; i < curve_terms; ++i)
        typical[i] =
            equations.typical_weights[i / knob_terms] * equations.typical_share[i % knob_terms];
    return by_curve(solve_near(in_curves(sums.total(), allowed),
                               flat(source.physics.physics.decode), typical, scale));
}

constexpr std::size_t prefill_curve_terms = prefill_curves * knob_terms;
using PrefillTerms = std::array<double, prefill_curve_terms>;

// Terms that physics_fit.cpp fits; the others are 0 on every device.
constexpr std::array<bool, prefill_curve_terms> fitted_prefill_terms = {
    true, true, false, true, false, false, false, true, true, false, true, false};

PrefillTerms prefill_equation(const Row& row) {
    const double blocks = row.request.active_blocks;
    const KnobCost knobs{1, blocks, blocks * row.request.top_k};
    const auto weights = prefill_weights(row.request);
    PrefillTerms equation{};
    for (std::size_t i = 0; i < equation.size(); ++i)
        if (fitted_prefill_terms[i])
            equation[i] = weights[i / knob_terms] * knobs[i % knob_terms] / row.prefill_ms;
    return equation;
}

std::array<KnobCost, prefill_curves> refitted_prefill(const LatencyModel& source,
                                                      const Dataset& dataset,
                                                      std::span<const int> rows) {
    NormalEquations<prefill_curve_terms> sums;
    PrefillTerms typical{};
    std::vector<double> measured;
    std::vector<double> predicted;
    for (const int index : rows) {
        const Row& row = dataset.rows[static_cast<std::size_t>(index)];
        if (row.prefill_ms <= 0) continue;
        measured.push_back(row.prefill_ms);
        predicted.push_back(model_prefill_ms(source, row.request));
        const PrefillTerms equation = prefill_equation(row);
        for (std::size_t i = 0; i < equation.size(); ++i) typical[i] += equation[i];
        sums.add(equation, 1, 1 / (request_deviation * request_deviation));
    }
    if (measured.empty()) return source.physics.physics.prefill;
    for (double& share : typical) share /= double(measured.size());
    return by_curve(solve_near(sums, flat(source.physics.physics.prefill), typical,
                               scale_of(measured, predicted)));
}

// The source's levels were its own machine's; their places keep the residual's grid.
std::vector<ConfigurationLevel> without_levels(std::vector<ConfigurationLevel> levels) {
    for (ConfigurationLevel& level : levels) level.decode = level.prefill = 1;
    return levels;
}

void rescale_table(CostTable& table, const LatencyModel& before, const LatencyModel& after) {
    for (ConfigurationCost& cost : table.costs) {
        const Request request{cost.vision_tokens, 60, cost.tier, cost.top_k, cost.active_blocks, 0};
        cost.step_ms *= model_decode_ms(after, request, 20) / model_decode_ms(before, request, 20);
        cost.prefill_ms *= model_prefill_ms(after, request) / model_prefill_ms(before, request);
    }
}

// Only what was measured on the new device counts as a measured configuration.
void count_records(CostTable& table, const Dataset& dataset, std::span<const int> rows) {
    for (ConfigurationCost& cost : table.costs) {
        cost.records = 0;
        for (const int index : rows) {
            const Request& request = dataset.rows[static_cast<std::size_t>(index)].request;
            cost.records += request.tier == cost.tier && request.top_k == cost.top_k &&
                            request.active_blocks == cost.active_blocks;
        }
    }
}

PhysicsModel refitted(const LatencyModel& source, const Dataset& dataset,
                      std::span<const int> rows) {
    return make_physics_model(
        {refitted_decode(source, dataset, rows), refitted_prefill(source, dataset, rows)},
        source.physics.residual, without_levels(source.physics.levels));
}

// Each request predicted by a model refitted from the others.
std::vector<RatioSample> left_out_ratios(const LatencyModel& source, const Dataset& dataset,
                                         std::span<const int> rows) {
    std::vector<RatioSample> samples;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<int> others(rows.begin(), rows.end());
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        const auto sample = ratio_samples(
            dataset, predict_rows(dataset, rows.subspan(i, 1), refitted(source, dataset, others)));
        samples.insert(samples.end(), sample.begin(), sample.end());
    }
    return samples;
}

void stretch(BoundFactors& factors, double by) {
    factors.p90 *= by;
    factors.p95 *= by;
    factors.p99 *= by;
}

// How far the bounds must be stretched so that 95 of 100 requests stay under their P95; at least 1:
// few requests do not show that a bound is too wide.
double stretch_of(std::vector<double> scores) {
    return scores.empty() ? 1 : std::max(1.0, conformal_quantile(std::move(scores), 0.95));
}

// The source's bounds, stretched to what the requests show when each is left out of the refit.
Bounds recalibrated(const LatencyModel& source, const Dataset& dataset, std::span<const int> rows) {
    Bounds bounds = source.bounds;
    std::vector<double> prefills;
    std::vector<double> decodes;
    std::vector<double> totals;
    for (const RatioSample& sample : left_out_ratios(source, dataset, rows)) {
        const std::size_t bin = bound_bin(sample.output_tokens);
        if (sample.prefill > 0) prefills.push_back(sample.prefill / bounds.prefill.p95);
        if (sample.decode > 0) decodes.push_back(sample.decode / bounds.decode[bin].p95);
        if (sample.total > 0) totals.push_back(sample.total / bounds.total[bin].p95);
    }
    stretch(bounds.prefill, stretch_of(std::move(prefills)));
    const double decode = stretch_of(std::move(decodes));
    const double total = stretch_of(std::move(totals));
    for (std::size_t bin = 0; bin < bound_bins; ++bin) {
        stretch(bounds.decode[bin], decode);
        stretch(bounds.total[bin], total);
    }
    return bounds;
}

}  // namespace

std::vector<int> rows_to_measure(const Dataset& dataset, int count, std::uint64_t seed) {
    std::vector<int> rows = training_rows(dataset);
    std::mt19937_64 random(seed);
    std::shuffle(rows.begin(), rows.end(), random);
    std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) {
        return dataset.rows[static_cast<std::size_t>(a)].steps() > 1 &&
               dataset.rows[static_cast<std::size_t>(b)].steps() <= 1;
    });
    std::set<int> taken;
    std::vector<int> chosen;
    std::vector<int> rest;
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
    LatencyModel model = source;
    model.physics = refitted(source, dataset, rows);
    model.bounds = recalibrated(source, dataset, rows);
    rescale_table(model.table, source, model);
    count_records(model.table, dataset, rows);
    // A network has no terms that could be rescaled.
    model.average = {};
    model.provenance.device = dataset.device + ", transferred from " + source.provenance.device;
    model.provenance.records_hash = dataset.records_hash;
    model.provenance.records = static_cast<std::int64_t>(rows.size());
    model.provenance.synthetic = dataset.synthetic || source.provenance.synthetic;
    model.provenance.mixed = dataset.mixed;
    model.provenance.checkpoint_sha256.clear();
    model.provenance.held_out_keys.clear();
    model.provenance.training_records.clear();
    for (const int row : rows)
        model.provenance.training_records.push_back(
            record_hash(dataset.rows[static_cast<std::size_t>(row)]));
    std::sort(model.provenance.training_records.begin(), model.provenance.training_records.end());
    return model;
}

}  // namespace decodemeter
