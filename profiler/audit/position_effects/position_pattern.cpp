#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "profiler/audit/position_effects/remaining_effects.hpp"
#include "profiler/audit/position_effects/step_residuals.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr double least_effect = 0.01;
constexpr double claim_errors = 3.7;
constexpr std::size_t least_requests = 20;  // of a position: below, its error is not known
constexpr std::size_t least_positions = 5;

// Residuals by position, clipped at 4 robust standard deviations of all.
std::map<int, std::vector<double>> by_position(const StepPanel& panel, const PositionModel& model) {
    const std::vector<StepResidual> residuals = step_residuals(panel, model);
    std::vector<double> all;
    for (const StepResidual& residual : residuals) all.push_back(residual.excess);
    const double limit = 4 * robust_deviation(all);
    for (double& value : all) value = std::clamp(value, -limit, limit);
    // Where single steps have two speeds, the mean lies above the median that made the level.
    const double offset = mean(all);
    std::map<int, std::vector<double>> positions;
    for (std::size_t i = 0; i < residuals.size(); ++i)
        positions[residuals[i].step].push_back(all[i] - offset);
    return positions;
}

struct PatternTest {
    double z = 0;  // of the chi-square, by Wilson and Hilferty's cube root
    double rms = 0;
    int first_step = 0;
    int last_step = 0;
};

PatternTest test_pattern(const std::map<int, std::vector<double>>& positions) {
    double chi_square = 0;
    double degrees = 0;
    double power = 0;
    double positions_used = 0;
    PatternTest test;
    for (const auto& [step, values] : positions) {
        if (values.size() < least_requests) continue;
        const double error =
            standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
        if (!(error > 0)) continue;
        const double center = mean(values);
        // A squared t ratio has mean n / (n - 2) where a chi-square has 1.
        const double freedom = static_cast<double>(values.size()) - 1;
        chi_square += center * center / (error * error) * (freedom - 2) / freedom;
        ++degrees;
        power += center * center - error * error;
        ++positions_used;
        if (test.first_step == 0) test.first_step = step;
        test.last_step = step;
    }
    if (positions_used < static_cast<double>(least_positions)) return test;
    degrees -= 2;  // the levels and the slope are fitted
    const double spread = 2 / (9 * degrees);
    test.z = (std::cbrt(chi_square / degrees) - (1 - spread)) / std::sqrt(spread);
    test.rms = std::sqrt(std::max(0.0, power / positions_used));
    return test;
}

// Mean residual of each position that has enough requests, 0 elsewhere.
std::vector<double> pattern_of(const std::map<int, std::vector<double>>& positions) {
    std::vector<double> pattern;
    for (const auto& [step, values] : positions) {
        pattern.resize(static_cast<std::size_t>(step));
        if (values.size() >= least_requests) pattern.back() = mean(values);
    }
    return pattern;
}

}  // namespace

std::optional<PositionEffect> find_pattern(const StepPanel& panel, PositionModel& model) {
    const std::map<int, std::vector<double>> positions = by_position(panel, model);
    const PatternTest test = test_pattern(positions);
    if (test.z < claim_errors || test.rms < least_effect) return std::nullopt;
    model.pattern = pattern_of(positions);
    PositionEffect effect;
    effect.kind = PositionEffectKind::pattern;
    effect.estimate = 100 * test.rms;
    effect.interval = {NAN, NAN};
    effect.unit = "percent_rms";
    effect.first_step = test.first_step;
    effect.last_step = test.last_step;
    effect.sentence = fmt::format(
        "The cost of a step depends on its position in another way too: {:.3g} % root mean square "
        "over steps {} to {}.",
        effect.estimate, test.first_step, test.last_step);
    return effect;
}

}  // namespace decodemeter
