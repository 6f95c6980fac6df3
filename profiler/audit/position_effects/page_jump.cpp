#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "profiler/audit/position_effects/remaining_effects.hpp"
#include "profiler/statistics/distributions.hpp"

namespace decodemeter {

namespace {

constexpr std::array<int, 7> pages = {16, 32, 64, 128, 256, 512, 1024};
constexpr double claim_p = 2.1561e-4;  // two-sided, of 3.7 standard errors
constexpr double least_effect = 0.01;
constexpr double least_degrees = 9;  // ten requests that fill a page

double pages_of(const StepSeries& request, int step, int page) {
    return filled_pages(request, step, page);
}

struct Jump {
    int page = 0;
    ClusteredFit fit;  // value[1] is the jump
    double strength = 0;
};

Jump strongest_jump(const StepPanel& panel, const PositionModel& model) {
    Jump best;
    for (const int page : pages) {
        const ClusteredFit fit = fit_slope(panel, model, pages_of, page);
        if (!std::isfinite(fit.error[1]) || fit.degrees[1] < least_degrees) continue;
        const double strength = std::fabs(fit.value[1]) / std::max(fit.error[1], 1e-7);
        if (strength > best.strength) best = {page, fit, strength};
    }
    return best;
}

PositionEffect describe(const Jump& jump, double factor, const Settling& settling) {
    const double value = jump.fit.value[1];
    const double half = factor * jump.fit.error[1];
    PositionEffect effect;
    effect.kind = PositionEffectKind::jump;
    effect.estimate = 100 * value;
    effect.interval = {100 * (value - half), 100 * (value + half)};
    effect.unit = "percent_per_page";
    effect.first_step = settling.first_step;
    effect.last_step = settling.last_step;
    effect.sentence = fmt::format(
        "The cost of a step changes by {:+.3g} ± {:.1g} % each time the context fills a page of {} "
        "tokens.",
        effect.estimate, 100 * jump.fit.error[1], jump.page);
    return effect;
}

}  // namespace

std::optional<PositionEffect> find_jump(const StepPanel& panel, Settling& settling) {
    PositionModel model = settling.model;
    Jump jump = strongest_jump(panel, model);
    if (jump.page == 0 || std::fabs(jump.fit.value[1]) < least_effect) return std::nullopt;
    const double confidence = 1 - claim_p / static_cast<double>(pages.size());
    const double factor = student_t_factor(confidence, jump.fit.degrees[1]);
    if (jump.strength < factor) return std::nullopt;
    settling.model.page = jump.page;
    settling.model.jump = jump.fit.value[1];
    settling.slope = fit_slope(panel, settling.model);
    settling.model.slope = settling.slope.value[0];
    return describe(jump, factor, settling);
}

}  // namespace decodemeter
