#include "profiler/audit/divisor/divisor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "profiler/audit/divisor/per_token_figures.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double least_effect = 0.01;   // over the lengths seen
constexpr double clear_slope = 0.0025;  // per token: one of this size must not stay open
constexpr double least_prefill = 1.25;  // steps, where the divisor is not known
constexpr double least_constant = 0.1;  // steps, where it is
constexpr double zone = 0.7;            // standard errors on either side of a limit
constexpr double significant = 3.7;     // standard errors
constexpr double decisive = 6;          // twice the log-likelihood
constexpr double implausible = 10;      // the same, added for a prefill shorter than a step
constexpr double own_prefill = 0.2;     // share by which a constant part may miss the prefill
constexpr double outlier_deviations = 6;
constexpr std::size_t least_freedom = 3;

enum class Claim { denied, open, claimed };

Claim judge(double value, double error, double limit) {
    const double size = std::fabs(value);
    if (size >= limit + zone * error && size >= significant * error) return Claim::claimed;
    if (size <= limit - zone * error || size <= error) return Claim::denied;
    return Claim::open;
}

// `range` is that of N: a slope is worth a claim from its effect on the last step on.
Claim judge_slope(const PerTokenFit& fit, double range) {
    const double size = std::fabs(fit.slope);
    if (size * range >= least_effect && size >= significant * fit.slope_error)
        return Claim::claimed;
    const Claim clear = judge(fit.slope, fit.slope_error, clear_slope);
    return clear == Claim::open ? Claim::open : Claim::denied;
}

// One explanation of the figures.
struct Candidate {
    DivisorVerdict verdict = DivisorVerdict::undecided;
    double score = std::numeric_limits<double>::infinity();  // lower is better
    PerTokenFit fit;
    bool sloped = false;
};

// Which explanations are open.
struct Question {
    std::vector<int> divisors;
    int constant_divisor = 0;  // of a figure with a constant part
};
const Question unknown_divisor{{-1, 0, 1}, 0};
const Question known_divisor{{-1}, -1};

class Diagnosis {
public:
    Diagnosis(std::span<const PerTokenFigure> figures, const Question& question)
        : figures_(figures),
          question_(question),
          freedom_(static_cast<double>(degrees_of_freedom(figures))) {
        for (const PerTokenFigure& figure : figures) range_ = std::max(range_, figure.tokens - 2);
        for (const int divisor : question.divisors)
            candidates_.push_back(divisor_candidate(divisor));
        if (auto constant = constant_candidate()) candidates_.push_back(*constant);
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
        const PerTokenFit sloped = fit_per_token(figures_, {divisor, PrefillForm::none, true});
        candidate.score = std::min(score(candidate.fit), score(sloped));
        const Claim slope = judge_slope(sloped, range_);
        if (slope != Claim::open) candidate.verdict = names[static_cast<std::size_t>(divisor + 1)];
        if (slope == Claim::claimed) {
            candidate.fit = sloped;
            candidate.sloped = true;
        }
        return candidate;
    }

    // The form of a constant part that fits best; none where its size is that of another divisor.
    std::optional<Candidate> constant_candidate() const {
        Candidate found;
        for (const PrefillForm form :
             {PrefillForm::ratio, PrefillForm::constant, PrefillForm::measured}) {
            if (form == PrefillForm::constant && one_group()) continue;
            if (form == PrefillForm::measured && !prefill_known()) continue;
            Candidate candidate;
            candidate.fit = fit_per_token(figures_, {question_.constant_divisor, form, false});
            candidate.score = score(candidate.fit);
            if (candidate.score < found.score) found = std::move(candidate);
        }
        found.verdict = DivisorVerdict::constant_part;
        const double steps = found.fit.prefill_steps;
        const double error = found.fit.prefill_error;
        if (question_.constant_divisor < 0) {
            if (judge(steps, error, least_constant) != Claim::claimed) return std::nullopt;
            return found;
        }
        const Claim longer = steps > 1 ? judge(steps - 1, error, least_prefill - 1) : Claim::denied;
        const bool shorter = steps >= 0.2 && steps <= 0.8 && steps >= significant * error &&
                             1 - steps >= significant * error;
        if (longer == Claim::denied && !shorter) return std::nullopt;
        if (longer == Claim::open) found.verdict = DivisorVerdict::undecided;
        if (shorter) found.score += implausible;
        return found;
    }

    bool one_group() const { return freedom_ + 1 == static_cast<double>(figures_.size()); }

    bool prefill_known() const {
        return std::all_of(figures_.begin(), figures_.end(),
                           [](const auto& figure) { return figure.prefill_ms > 0; });
    }

    std::span<const PerTokenFigure> figures_;
    Question question_;
    double freedom_;
    double range_ = 1;
    std::vector<Candidate> candidates_;
};

// Residuals of the logarithms, group means taken out.
std::vector<double> residuals(std::span<const PerTokenFigure> figures, const PerTokenFit& fit) {
    std::vector<double> residual;
    std::vector<double> sums;
    std::vector<double> counts;
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
    double about_mean = 0;
    double about_fit = 0;
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const auto& [count, sum, cost] = groups[figures[i].group];
        about_mean += std::pow(figures[i].ms - sum / count, 2);
        about_fit += std::pow(figures[i].ms - cost / count * fit.shape[i], 2);
    }
    return about_mean > 0 ? 1 - about_fit / about_mean : 0;
}

double mean_step_ms(std::span<const PerTokenFigure> figures, const PerTokenFit& fit) {
    std::vector<double> costs;
    for (std::size_t i = 0; i < figures.size(); ++i) costs.push_back(figures[i].ms / fit.shape[i]);
    return mean(costs);
}

// The constant part is about as long as the records' own prefill.
bool matches_prefill(std::span<const PerTokenFigure> figures, double constant_ms) {
    std::vector<double> prefills;
    for (const PerTokenFigure& figure : figures) prefills.push_back(figure.prefill_ms);
    const double own = mean(prefills);
    return own > 0 && std::fabs(constant_ms / own - 1) <= own_prefill;
}

std::string reason_of(DivisorVerdict verdict) {
    switch (verdict) {
        case DivisorVerdict::n_minus_1:
            return "the decode time is divided by its N - 1 steps";
        case DivisorVerdict::n:
            return "the decode time was divided by N, one token more than there are steps";
        case DivisorVerdict::n_plus_1:
            return "the decode time was divided by N + 1, two tokens more than there are steps";
        case DivisorVerdict::content_tokens:
            return "the decode time was divided by the content tokens, not by the steps";
        case DivisorVerdict::constant_part:
            return "the decode time holds a constant part: a slow first step, the end of prefill, "
                   "or overhead, which totals cannot tell apart";
        case DivisorVerdict::prefill_included:
            return "the decode time holds a constant part as long as the records' own prefill";
        case DivisorVerdict::undecided:
            return "more than one explanation fits, or none beyond doubt";
    }
    return "";
}

std::size_t groups_of(std::span<const PerTokenFigure> figures) {
    std::set<std::size_t> groups;
    for (const PerTokenFigure& figure : figures) groups.insert(figure.group);
    return groups.size();
}

DivisorSlope slope_of(const PerTokenFit& fit) {
    const double half = significant * fit.slope_error;
    return {100 * fit.slope, 100 * (fit.slope - half), 100 * (fit.slope + half)};
}

// The numbers of a decided fit. `prefill` tells whether its constant part is the records' prefill.
void take_numbers(DivisorDiagnosis& result, std::span<const PerTokenFigure> kept,
                  const Candidate& best) {
    result.step_ms = mean_step_ms(kept, best.fit);
    if (best.sloped) result.slope = slope_of(best.fit);
    if (best.fit.model.prefill != PrefillForm::none)
        result.constant_ms = best.fit.prefill_steps * result.step_ms;
    result.noise_percent = 100 * best.fit.deviation;
    result.r_squared = r_squared(kept, best.fit);
}

bool can_fit(std::span<const PerTokenFigure> figures) {
    return degrees_of_freedom(figures) >= least_freedom && lengths_vary(figures);
}

// Fits twice: the second time without the outliers of the first.
DivisorDiagnosis fit(std::span<const PerTokenFigure> figures, const Question& question) {
    Diagnosis diagnosis(figures, question);
    std::vector<PerTokenFigure> kept = without_outliers(figures, diagnosis.best().fit);
    if (kept.size() < figures.size()) diagnosis = Diagnosis(kept, question);
    DivisorDiagnosis result;
    result.samples = kept.size();
    result.outliers = figures.size() - kept.size();
    result.groups = groups_of(kept);
    result.verdict = diagnosis.verdict();
    if (result.verdict == DivisorVerdict::undecided) return result;
    take_numbers(result, kept, diagnosis.best());
    if (result.verdict == DivisorVerdict::constant_part &&
        matches_prefill(kept, result.constant_ms))
        result.verdict = DivisorVerdict::prefill_included;
    return result;
}

}  // namespace

std::string_view to_string(DivisorVerdict verdict) noexcept {
    constexpr std::array<std::string_view, 7> names = {
        "N-1", "N", "N+1", "content_tokens", "constant_part", "prefill_included", "undecided"};
    return names[static_cast<std::size_t>(verdict)];
}

std::string_view to_string(DivisorSource source) noexcept {
    constexpr std::array<std::string_view, 3> names = {"steps", "stored", "fit"};
    return names[static_cast<std::size_t>(source)];
}

DivisorDiagnosis diagnose_divisor(std::span<const PerTokenFigure> figures) {
    DivisorDiagnosis result;
    result.samples = figures.size();
    result.groups = groups_of(figures);
    result.reason = "too few requests of different output lengths under one configuration";
    if (!can_fit(figures)) return result;
    result = fit(figures, unknown_divisor);
    result.reason = reason_of(result.verdict);
    return result;
}

DivisorDiagnosis diagnose_known_divisor(std::span<const PerTokenFigure> per_step,
                                        DivisorVerdict divisor, DivisorSource source) {
    DivisorDiagnosis result;
    result.samples = per_step.size();
    result.groups = groups_of(per_step);
    std::vector<double> steps;
    for (const PerTokenFigure& figure : per_step) steps.push_back(figure.ms);
    result.step_ms = mean(steps);
    if (can_fit(per_step) && source != DivisorSource::steps) result = fit(per_step, known_divisor);
    const bool constant = result.verdict == DivisorVerdict::constant_part;
    const bool open = result.verdict == DivisorVerdict::undecided && source != DivisorSource::steps;
    if (result.verdict != DivisorVerdict::prefill_included &&
        (!constant || divisor != DivisorVerdict::n_minus_1))
        result.verdict = divisor;
    result.source = source;
    result.reason = reason_of(result.verdict);
    if (constant && divisor != DivisorVerdict::n_minus_1)
        result.reason += "; besides, " + reason_of(DivisorVerdict::constant_part);
    if (open && can_fit(per_step))
        result.reason +=
            "; the cost of a step goes with N, and a slope explains it as well as a constant part";
    return result;
}

}  // namespace decodemeter
