#include "estimator/fit/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "estimator/data/splits.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double request_level = 0.95;        // of the hierarchical bound: in so many requests ...
constexpr double configuration_level = 0.90;  // ... of so many configurations ...
constexpr double confidence = 0.95;  // ... with this probability over the draw of configurations
// Bounds are rounded up by this much, so that a row equal to its bound is under it.
constexpr double rounding = 1 + 1e-9;

BoundFactors factors_of(const std::vector<double>& ratios) {
    if (ratios.empty()) return {};
    return {rounding * conformal_quantile(ratios, 0.90),
            rounding * conformal_quantile(ratios, 0.95),
            rounding * conformal_quantile(ratios, 0.99)};
}

using Ratio = double RatioSample::*;

std::vector<double> ratios_where(std::span<const RatioSample> samples, Ratio ratio,
                                 const std::function<bool(const RatioSample&)>& wanted) {
    std::vector<double> ratios;
    for (const RatioSample& sample : samples) {
        if (sample.*ratio > 0 && wanted(sample)) ratios.push_back(sample.*ratio);
    }
    return ratios;
}

std::array<BoundFactors, bound_bins> binned_factors(std::span<const RatioSample> samples,
                                                    Ratio ratio) {
    const BoundFactors all =
        factors_of(ratios_where(samples, ratio, [](const RatioSample&) { return true; }));
    std::array<BoundFactors, bound_bins> bins;
    for (std::size_t bin = 0; bin < bound_bins; ++bin) {
        const auto ratios = ratios_where(samples, ratio, [&](const RatioSample& s) {
            return bound_bin(s.output_tokens) == bin;
        });
        bins[bin] = ratios.size() >= fewest_in_bin ? factors_of(ratios) : all;
    }
    return bins;
}

// The smallest of the sorted values that at least `configuration_level` of the population lies
// under, with `confidence`, whatever its distribution: the count of values under that share's
// quantile is binomial. The largest value where n is too small.
double distribution_free_limit(const std::vector<double>& sorted) {
    const double n = static_cast<double>(sorted.size());
    double log_choose = 0;
    double below = 0;
    for (std::size_t k = 0; k < sorted.size(); ++k) {
        const double successes = static_cast<double>(k);
        if (k > 0) log_choose += std::log((n - successes + 1) / successes);
        below += std::exp(log_choose + successes * std::log(configuration_level) +
                          (n - successes) * std::log(1 - configuration_level));
        if (below >= confidence) return sorted[k];
    }
    return sorted.back();
}

// The one-sided tolerance limit of a normal population (Natrella's approximation, NBS Handbook 91,
// section 2-5) for 999 of 1000 with `confidence`: the worst of the configurations that a grid has.
// It reaches past the largest value that was seen, without following one extreme value.
double normal_limit(const std::vector<double>& values) {
    constexpr double z_content = 3.0902;
    constexpr double z_confidence = 1.6449;
    const double n = static_cast<double>(values.size());
    const double a = 1 - z_confidence * z_confidence / (2 * (n - 1));
    const double b = z_content * z_content - z_confidence * z_confidence / n;
    const double k = (z_content + std::sqrt(z_content * z_content - a * b)) / a;
    return mean(values) + k * standard_deviation(values);
}

// With fewer configurations the normal limit says more of its own uncertainty than of them.
constexpr std::size_t fewest_for_normal_limit = 10;

double tolerance_limit(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const double limit = distribution_free_limit(values);
    return values.size() < fewest_for_normal_limit ? limit : std::max(limit, normal_limit(values));
}

std::optional<double> hierarchical_factor(std::span<const RatioSample> samples,
                                          const Bounds& bounds) {
    std::map<int, std::vector<double>> scores;  // by configuration: ratio over its own p95
    for (const RatioSample& sample : samples) {
        if (sample.decode > 0)
            scores[sample.config].push_back(sample.decode /
                                            bounds.decode[bound_bin(sample.output_tokens)].p95);
    }
    std::vector<double> quantiles;
    for (auto& [config, values] : scores)
        quantiles.push_back(conformal_quantile(std::move(values), request_level));
    if (quantiles.size() < 2) return std::nullopt;
    return std::max(1.0, rounding * tolerance_limit(std::move(quantiles)));
}

// A bin of N that few configurations fill says little of others: the hierarchical bound in all.
void widen(Bounds& bounds) {
    if (!bounds.hierarchical) return;
    for (auto* bins : {&bounds.decode, &bounds.total}) {
        for (BoundFactors& factors : *bins) {
            factors.p90 *= *bounds.hierarchical;
            factors.p95 *= *bounds.hierarchical;
            factors.p99 *= *bounds.hierarchical;
        }
    }
    bounds.hierarchical = 1;
}

class CoverageCount {
public:
    explicit CoverageCount(const Dataset& dataset) : dataset_(dataset) {}

    void add(const RatioSample& sample, double ratio, double bound) {
        if (ratio <= 0) return;
        const int held = ratio <= bound ? 1 : 0;
        all_.add(held);
        by_n_[std::string(bound_bin_names[bound_bin(sample.output_tokens)])].add(held);
        by_config_[to_string(dataset_.configs[static_cast<std::size_t>(sample.config)])].add(held);
        by_dataset_[dataset_.datasets[static_cast<std::size_t>(sample.dataset)]].add(held);
        width_ += bound;
    }

    CoverageFigures figures() const {
        CoverageFigures figures;
        figures.count = all_.count;
        figures.overall = all_.share();
        if (all_.count > 0) figures.mean_width_ratio = width_ / static_cast<double>(all_.count);
        for (const auto& [name, share] : by_n_) figures.by_n[name] = share.share();
        for (const auto& [name, share] : by_dataset_) figures.by_dataset[name] = share.share();
        for (const auto& [name, share] : by_config_) {
            figures.by_config[name] = share.share();
            // fmin takes the other value where one is NaN.
            if (share.count >= fewest_of_worst_config)
                figures.worst_config = std::fmin(figures.worst_config, share.share());
        }
        return figures;
    }

private:
    struct Share {
        std::int64_t held = 0, count = 0;
        void add(int one) { held += one, ++count; }
        double share() const {
            return count > 0 ? static_cast<double>(held) / static_cast<double>(count)
                             : CoverageFigures::nothing;
        }
    };
    const Dataset& dataset_;
    Share all_;
    std::map<std::string, Share> by_n_;
    std::map<std::string, Share> by_config_;
    std::map<std::string, Share> by_dataset_;
    double width_ = 0;
};

}  // namespace

double conformal_quantile(std::vector<double> values, double level) {
    if (values.empty()) return 1;
    const auto rank =
        static_cast<std::size_t>(std::ceil((static_cast<double>(values.size()) + 1) * level));
    const auto nth =
        values.begin() + static_cast<std::ptrdiff_t>(std::min(rank, values.size()) - 1);
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
}

Bounds fit_bounds(std::span<const RatioSample> samples, bool long_answers_confounded) {
    Bounds bounds;
    bounds.prefill = factors_of(
        ratios_where(samples, &RatioSample::prefill, [](const RatioSample&) { return true; }));
    bounds.decode = binned_factors(samples, &RatioSample::decode);
    bounds.total = binned_factors(samples, &RatioSample::total);
    bounds.hierarchical = hierarchical_factor(samples, bounds);
    if (long_answers_confounded) widen(bounds);
    bounds.calibrated = samples.size() >= fewest_for_p95;
    return bounds;
}

namespace {

// Counts of the three bounds that a report shows.
struct Coverages {
    CoverageCount p95;
    CoverageCount hierarchical;
    CoverageCount prefill;

    explicit Coverages(const Dataset& dataset)
        : p95(dataset), hierarchical(dataset), prefill(dataset) {}
    void add(const RatioSample& sample, const Bounds& bounds) {
        const double bound = bounds.decode[bound_bin(sample.output_tokens)].p95;
        p95.add(sample, sample.decode, bound);
        if (bounds.hierarchical)
            hierarchical.add(sample, sample.decode, bound * *bounds.hierarchical);
        prefill.add(sample, sample.prefill, bounds.prefill.p95);
    }
    CoverageReport report() const {
        return {p95.figures(), hierarchical.figures(), prefill.figures()};
    }
};

}  // namespace

CoverageReport coverage_under(const Dataset& dataset, std::span<const RatioSample> samples,
                              const Bounds& bounds) {
    Coverages coverages(dataset);
    for (const RatioSample& sample : samples) coverages.add(sample, bounds);
    return coverages.report();
}

CoverageReport judge_bounds(const Dataset& dataset, std::span<const RatioSample> samples, int parts,
                            std::uint64_t seed, bool long_answers_confounded) {
    const std::vector<int> part =
        deal_groups(static_cast<int>(dataset.configs.size()), parts, seed);
    Coverages coverages(dataset);
    for (int i = 0; i < parts; ++i) {
        std::vector<RatioSample> calibration;
        std::vector<RatioSample> test;
        for (const RatioSample& sample : samples)
            (part[static_cast<std::size_t>(sample.config)] == i ? test : calibration)
                .push_back(sample);
        if (calibration.empty()) continue;
        const Bounds bounds = fit_bounds(calibration, long_answers_confounded);
        for (const RatioSample& sample : test) coverages.add(sample, bounds);
    }
    return coverages.report();
}

}  // namespace decodemeter
