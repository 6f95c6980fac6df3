#include "profiler/audit/divisor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "profiler/audit/per_token_figures.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double least_slope = 0.0025;  // per token
constexpr double least_prefill = 1.25;  // steps
constexpr double zone = 0.7;            // standard errors on either side of a limit
constexpr double significant = 3.7;     // standard errors
constexpr double decisive = 6;          // twice the log-likelihood
constexpr double implausible = 10;      // the same, added for a prefill shorter than a step
constexpr double outlier_deviations = 6;
constexpr std::size_t least_freedom = 3;

enum class Claim { denied, open, claimed };

Claim judge(double value, double error, double limit) {
    const double size = std::fabs(value);
    if (size >= limit + zone * error && size >= significant * error) return Claim::claimed;
    if (size <= limit - zone * error || size <= error) return Claim::denied;
    return Claim::open;
}

struct Candidate {
    DivisorVerdict verdict = DivisorVerdict::undecided;
    double score = std::numeric_limits<double>::infinity();  // lower is better
    PerTokenFit fit;
    PerTokenFit with_slope;
};

class Diagnosis {
public:
    explicit Diagnosis(std::span<const PerTokenFigure> figures)
        : figures_(figures), freedom_(static_cast<double>(degrees_of_freedom(figures))) {
        for (const int divisor : {-1, 0, 1}) candidates_.push_back(divisor_candidate(divisor));
        if (auto prefill = prefill_candidate()) candidates_.push_back(*prefill);
        std::sort(candidates_.begin(), candidates_.end(),
                  [](const Candidate& a, const Candidate& b) { return a.score < b.score; });
    }

    const Candidate& best() const { return candidates_.front(); }

    DivisorVerdict verdict() const {
        for (const Candidate& other : candidates_) {
            if (other.score < best().score + decisive && other.verdict != best().verdict)
                return DivisorVerdict::undecided;
        }
        return best().verdict;
    }

private:
    double score(const PerTokenFit& fit) const {
        return freedom_ * std::log(fit.squares) +
               fit.model.parameters() * std::log(static_cast<double>(figures_.size()));
    }

    Candidate divisor_candidate(int divisor) const {
        constexpr std::array names = {DivisorVerdict::n_minus_1, DivisorVerdict::n,
                                      DivisorVerdict::n_plus_1};
        Candidate candidate;
        candidate.fit = fit_per_token(figures_, {divisor, PrefillForm::none, false});
        candidate.with_slope = fit_per_token(figures_, {divisor, PrefillForm::none, true});
        candidate.score = std::min(score(candidate.fit), score(candidate.with_slope));
        const Claim slope =
            judge(candidate.with_slope.slope, candidate.with_slope.slope_error, least_slope);
        if (slope == Claim::denied)
            candidate.verdict = names[static_cast<std::size_t>(divisor + 1)];
        if (slope == Claim::claimed) {
            candidate.verdict = DivisorVerdict::slope;
            candidate.fit = candidate.with_slope;
        }
        return candidate;
    }

    // The form of counted-in prefill that fits best; none where its size is that of another
    // divisor.
    std::optional<Candidate> prefill_candidate() const {
        std::optional<Candidate> found;
        for (const PrefillForm form :
             {PrefillForm::ratio, PrefillForm::constant, PrefillForm::measured}) {
            if (form == PrefillForm::constant && one_group()) continue;
            if (form == PrefillForm::measured && !prefill_known()) continue;
            Candidate candidate;
            candidate.fit = fit_per_token(figures_, {0, form, false});
            candidate.score = score(candidate.fit);
            if (!found || candidate.score < found->score) found = std::move(candidate);
        }
        const double steps = found->fit.prefill_steps, error = found->fit.prefill_error;
        const Claim longer = steps > 1 ? judge(steps - 1, error, least_prefill - 1) : Claim::denied;
        const bool shorter = steps >= 0.2 && steps <= 0.8 && steps >= significant * error &&
                             1 - steps >= significant * error;
        if (longer == Claim::denied && !shorter) return std::nullopt;
        found->verdict =
            longer == Claim::open ? DivisorVerdict::undecided : DivisorVerdict::prefill_included;
        if (shorter) found->score += implausible;
        found->with_slope = fit_per_token(figures_, {0, found->fit.model.prefill, true});
        const PerTokenFit& sloped = found->with_slope;
        if (score(sloped) + 2 * decisive < found->score &&
            judge(sloped.slope, sloped.slope_error, least_slope) == Claim::claimed) {
            found->verdict = DivisorVerdict::slope;
            found->score = score(sloped);
            found->fit = sloped;
        }
        return found;
    }

    bool one_group() const { return freedom_ + 1 == static_cast<double>(figures_.size()); }

    bool prefill_known() const {
        return std::all_of(figures_.begin(), figures_.end(),
                           [](const auto& figure) { return figure.prefill_ms > 0; });
    }

    std::span<const PerTokenFigure> figures_;
    double freedom_;
    std::vector<Candidate> candidates_;
};

// Residuals of the logarithms, group means taken out.
std::vector<double> residuals(std::span<const PerTokenFigure> figures, const PerTokenFit& fit) {
    std::vector<double> residual, sums, counts;
    for (std::size_t i = 0; i < figures.size(); ++i) {
        residual.push_back(std::log(figures[i].ms / fit.shape[i]));
        if (figures[i].group >= sums.size()) {
            sums.resize(figures[i].group + 1);
            counts.resize(figures[i].group + 1);
        }
        sums[figures[i].group] += residual.back();
        ++counts[figures[i].group];
    }
    for (std::size_t i = 0; i < figures.size(); ++i)
        residual[i] -= sums[figures[i].group] / counts[figures[i].group];
    return residual;
}

// Without the requests that lie far from even the best shape.
std::vector<PerTokenFigure> without_outliers(std::span<const PerTokenFigure> figures,
                                             const PerTokenFit& best) {
    const std::vector<double> residual = residuals(figures, best);
    const double center = median(residual);
    std::vector<double> distance;
    for (const double value : residual) distance.push_back(std::fabs(value - center));
    const double limit = outlier_deviations * std::max(1.4826 * median(distance), 1e-3);
    std::vector<PerTokenFigure> kept;
    for (std::size_t i = 0; i < figures.size(); ++i) {
        if (distance[i] <= limit) kept.push_back(figures[i]);
    }
    return kept;
}

double r_squared(std::span<const PerTokenFigure> figures, const PerTokenFit& fit) {
    std::map<std::size_t, std::array<double, 3>> groups;  // count, sum of ms, sum of ms / shape
    for (std::size_t i = 0; i < figures.size(); ++i) {
        auto& [count, sum, cost] = groups[figures[i].group];
        ++count;
        sum += figures[i].ms;
        cost += figures[i].ms / fit.shape[i];
    }
    double about_mean = 0, about_fit = 0;
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const auto& [count, sum, cost] = groups[figures[i].group];
        about_mean += std::pow(figures[i].ms - sum / count, 2);
        about_fit += std::pow(figures[i].ms - cost / count * fit.shape[i], 2);
    }
    return about_mean > 0 ? 1 - about_fit / about_mean : 0;
}

std::string reason_of(DivisorVerdict verdict) {
    switch (verdict) {
        case DivisorVerdict::n_minus_1:
            return "the figure does not depend on the output length: T / (N - 1), the N - 1 steps "
                   "that were run";
        case DivisorVerdict::n:
            return "the figure rises as (N - 1) / N: T was divided by N, one token more than there "
                   "are steps";
        case DivisorVerdict::n_plus_1:
            return "the figure rises as (N - 1) / (N + 1): T was divided by N + 1, two tokens more "
                   "than there are "
                   "steps";
        case DivisorVerdict::prefill_included:
            return "the figure falls as (P + c (N - 1)) / N: a prefill of P is counted into the "
                   "decode time";
        case DivisorVerdict::slope:
            return "the cost of a step itself changes with its position";
        case DivisorVerdict::undecided:
            return "more than one explanation fits, or none beyond doubt";
    }
    return "";
}

DivisorDiagnosis unknown(std::size_t samples, std::string reason) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    DivisorDiagnosis diagnosis;
    diagnosis.step_ms = diagnosis.slope_percent_per_token = diagnosis.slope_error = nan;
    diagnosis.samples = samples;
    diagnosis.reason = std::move(reason);
    return diagnosis;
}

}  // namespace

std::string_view to_string(DivisorVerdict verdict) noexcept {
    constexpr std::array<std::string_view, 6> names = {
        "N-1", "N", "N+1", "prefill_included", "slope", "undecided"};
    return names[static_cast<std::size_t>(verdict)];
}

DivisorDiagnosis diagnose_divisor(std::span<const PerTokenFigure> figures) {
    if (degrees_of_freedom(figures) < least_freedom || !lengths_vary(figures)) {
        return unknown(figures.size(),
                       "too few requests of different output lengths under one configuration");
    }
    Diagnosis diagnosis(figures);
    std::vector<PerTokenFigure> kept = without_outliers(figures, diagnosis.best().fit);
    if (kept.size() < figures.size()) diagnosis = Diagnosis(kept);
    const PerTokenFit& fit = diagnosis.best().fit;
    DivisorDiagnosis result;
    result.verdict = diagnosis.verdict();
    result.reason = reason_of(result.verdict);
    std::vector<double> costs;
    for (std::size_t i = 0; i < kept.size(); ++i) costs.push_back(kept[i].ms / fit.shape[i]);
    result.step_ms = mean(costs);
    result.slope_percent_per_token = 100 * diagnosis.best().with_slope.slope;
    result.slope_error = 100 * diagnosis.best().with_slope.slope_error;
    if (fit.model.prefill != PrefillForm::none)
        result.prefill_ms = fit.prefill_steps * result.step_ms;
    result.noise_percent = 100 * fit.deviation;
    result.r_squared = r_squared(kept, fit);
    result.samples = kept.size();
    result.outliers = figures.size() - kept.size();
    return result;
}

}  // namespace decodemeter
