#include "profiler/audit/divisor/per_token_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace decodemeter {

namespace {

constexpr int iterations = 20;
// Residuals below this are rounding of the written numbers, not noise that a model could be judged
// by.
constexpr double rounding_floor = 1e-4;
// A step's cost stays above a twentieth of the first one's, whatever slope is tried.
constexpr double least_position_factor = 0.05;
constexpr double least_constant_part = -0.9;  // of a step

// Means of each group, taken out of a column.
class Grouping {
public:
    explicit Grouping(std::span<const PerTokenFigure> figures) : figures_(figures) {
        for (const PerTokenFigure& figure : figures) {
            if (figure.group >= counts_.size()) counts_.resize(figure.group + 1);
            ++counts_[figure.group];
        }
    }

    std::size_t groups() const noexcept { return counts_.size(); }

    std::vector<double> means(const std::vector<double>& column) const {
        std::vector<double> sums(counts_.size());
        for (std::size_t i = 0; i < column.size(); ++i) sums[figures_[i].group] += column[i];
        for (std::size_t g = 0; g < sums.size(); ++g) sums[g] /= std::max(counts_[g], 1.0);
        return sums;
    }

    void center(std::vector<double>& column) const {
        const std::vector<double> mean = means(column);
        for (std::size_t i = 0; i < column.size(); ++i) column[i] -= mean[figures_[i].group];
    }

private:
    std::span<const PerTokenFigure> figures_;
    std::vector<double> counts_;
};

struct Parameters {
    double prefill = 0;
    double slope = 0;
};

// The sums that a Gauss-Newton step needs, all columns centered.
struct NormalEquations {
    double squares = 0;
    std::array<double, 2> gradient{};
    std::array<double, 3> curvature{};  // prefill-prefill, prefill-slope, slope-slope
};

class Fitter {
public:
    Fitter(std::span<const PerTokenFigure> figures, const PerTokenModel& model)
        : figures_(figures), model_(model), grouping_(figures), weights_(figures.size(), 1.0) {
        for (const PerTokenFigure& figure : figures) {
            logs_.push_back(std::log(figure.ms));
            longest_ = std::max(longest_, figure.tokens);
        }
    }

    PerTokenFit run() {
        // With the divisor N - 1 the figure is flat without a constant part.
        const double start = model_.prefill == PrefillForm::none ? 0.0 : 1.0 + model_.divisor;
        Parameters parameters{start, 0.0};
        update_weights(parameters);
        NormalEquations best = evaluate(parameters);
        for (int i = 0; i < iterations && model_.parameters() > 0; ++i) {
            const Parameters step = newton_step(best);
            const double before = best.squares;
            // Halve the step until it helps.
            for (double share = 1; share > 1e-3; share /= 2) {
                const Parameters tried = bounded({parameters.prefill + share * step.prefill,
                                                  parameters.slope + share * step.slope});
                const NormalEquations equations = evaluate(tried);
                if (equations.squares >= best.squares) continue;
                best = equations;
                parameters = tried;
                break;
            }
            if (weights_depend_on_cost()) {
                update_weights(parameters);
                best = evaluate(parameters);
            }
            if (std::fabs(before - best.squares) <= 1e-12 * before) break;
        }
        return result(parameters, best);
    }

private:
    bool weights_depend_on_cost() const {
        return model_.prefill == PrefillForm::constant || model_.prefill == PrefillForm::measured;
    }

    double position_term(std::size_t i) const { return 0.5 * (figures_[i].tokens - 2); }

    double log_shape(std::size_t i, const Parameters& at) const {
        const double tokens = figures_[i].tokens;
        return std::log((tokens - 1 + at.prefill * weights_[i]) / (tokens + model_.divisor)) +
               std::log1p(at.slope * position_term(i));
    }

    NormalEquations evaluate(const Parameters& at) const {
        const std::size_t n = figures_.size();
        std::vector<double> residual(n);
        std::vector<double> by_prefill(n);
        std::vector<double> by_slope(n);
        for (std::size_t i = 0; i < n; ++i) {
            residual[i] = logs_[i] - log_shape(i, at);
            by_prefill[i] = weights_[i] / (figures_[i].tokens - 1 + at.prefill * weights_[i]);
            by_slope[i] = position_term(i) / (1 + at.slope * position_term(i));
        }
        grouping_.center(residual);
        grouping_.center(by_prefill);
        grouping_.center(by_slope);
        NormalEquations sums;
        for (std::size_t i = 0; i < n; ++i) {
            sums.squares += residual[i] * residual[i];
            sums.gradient[0] += by_prefill[i] * residual[i];
            sums.gradient[1] += by_slope[i] * residual[i];
            sums.curvature[0] += by_prefill[i] * by_prefill[i];
            sums.curvature[1] += by_prefill[i] * by_slope[i];
            sums.curvature[2] += by_slope[i] * by_slope[i];
        }
        return sums;
    }

    Parameters newton_step(const NormalEquations& sums) const {
        const auto& [pp, ps, ss] = sums.curvature;
        const bool prefill = model_.prefill != PrefillForm::none;
        if (!prefill) return {0, ss > 0 ? sums.gradient[1] / ss : 0};
        if (!model_.slope) return {pp > 0 ? sums.gradient[0] / pp : 0, 0};
        const double determinant = pp * ss - ps * ps;
        if (!(determinant > 0)) return {};
        return {(ss * sums.gradient[0] - ps * sums.gradient[1]) / determinant,
                (pp * sums.gradient[1] - ps * sums.gradient[0]) / determinant};
    }

    Parameters bounded(Parameters at) const {
        // A first step may be faster than the others; a share of prefill cannot be negative.
        const bool may_be_negative = model_.prefill == PrefillForm::ratio && model_.divisor == -1;
        at.prefill = std::max(at.prefill, may_be_negative ? least_constant_part : 0.0);
        if (longest_ > 2)
            at.slope = std::max(at.slope, 2 * (least_position_factor - 1) / (longest_ - 2));
        return at;
    }

    // Cost of a step in each group, relative to all, from the current fit.
    void update_weights(const Parameters& at) {
        if (!weights_depend_on_cost()) return;
        std::vector<double> log_cost(figures_.size());
        for (std::size_t i = 0; i < figures_.size(); ++i) log_cost[i] = logs_[i] - log_shape(i, at);
        const std::vector<double> group_cost = grouping_.means(log_cost);
        double sum = 0;
        for (std::size_t i = 0; i < figures_.size(); ++i) {
            const double prefill =
                model_.prefill == PrefillForm::measured ? figures_[i].prefill_ms : 1.0;
            weights_[i] = prefill / std::exp(group_cost[figures_[i].group]);
            sum += weights_[i];
        }
        for (double& weight : weights_) weight *= static_cast<double>(figures_.size()) / sum;
    }

    PerTokenFit result(const Parameters& at, const NormalEquations& sums) const {
        PerTokenFit fit;
        fit.model = model_;
        fit.prefill_steps = at.prefill;
        fit.slope = at.slope;
        const auto n = static_cast<double>(figures_.size());
        fit.squares = std::max(sums.squares, n * rounding_floor * rounding_floor);
        const double freedom = n - static_cast<double>(grouping_.groups()) - model_.parameters();
        fit.deviation = std::sqrt(fit.squares / std::max(freedom, 1.0));
        const auto& [pp, ps, ss] = sums.curvature;
        const bool both = model_.prefill != PrefillForm::none && model_.slope;
        const double free_prefill = both && ss > 0 ? pp - ps * ps / ss : pp;
        const double free_slope = both && pp > 0 ? ss - ps * ps / pp : ss;
        fit.prefill_error = free_prefill > 0 ? fit.deviation / std::sqrt(free_prefill) : HUGE_VAL;
        fit.slope_error = free_slope > 0 ? fit.deviation / std::sqrt(free_slope) : HUGE_VAL;
        for (std::size_t i = 0; i < figures_.size(); ++i)
            fit.shape.push_back(std::exp(log_shape(i, at)));
        return fit;
    }

    std::span<const PerTokenFigure> figures_;
    PerTokenModel model_;
    Grouping grouping_;
    std::vector<double> weights_;
    std::vector<double> logs_;
    double longest_ = 0;
};

}  // namespace

PerTokenFit fit_per_token(std::span<const PerTokenFigure> figures, const PerTokenModel& model) {
    return Fitter(figures, model).run();
}

std::size_t degrees_of_freedom(std::span<const PerTokenFigure> figures) {
    std::size_t groups = 0;
    for (const PerTokenFigure& figure : figures) groups = std::max(groups, figure.group + 1);
    return figures.size() > groups ? figures.size() - groups : 0;
}

}  // namespace decodemeter
