#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "estimator/simulate/simulate.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

constexpr double largest_time_ms = 1e9;
constexpr int largest_length = 100000;
constexpr double largest_bytes = 4.0 * (1 << 30);

void require(bool fine, const std::string& what) {
    if (!fine) throw InputError("simulate: " + what);
}

void require_between(const char* name, double value, double least, double most) {
    require(value >= least && value <= most,
            fmt::format("{} {:g}: give a number from {:g} to {:g}", name, value, least, most));
}

bool natural(double value) { return std::isfinite(value) && value >= 0; }

template <class Values, class Test>
bool all(const Values& values, const Test& test) {
    return std::all_of(values.begin(), values.end(), test);
}

void check_grid(const SimulationParameters& p) {
    require(!p.datasets.empty() && !p.tiers.empty() && !p.top_k.empty() && !p.blocks.empty(),
            "at least one data set, tier, top_k and blocks is needed");
    require(all(p.datasets, [](const std::string& name) { return !name.empty(); }),
            "a data set needs a name");
    require(all(p.tiers, [](int tier) { return tier >= 0 && tier <= 2; }),
            "a tier is low, medium or high");
    require(all(p.top_k, [](int k) { return k >= 0; }), "top_k must not be negative");
    require(all(p.blocks, [](int blocks) { return blocks > 0 && blocks <= 10000; }),
            "blocks must be from 1 to 10000");
}

void check_physics(const StepPhysics& physics) {
    require(all(physics.beta, natural) && all(physics.gamma, natural),
            "coefficients must be finite and not negative");
    require(std::accumulate(physics.beta.begin(), physics.beta.end(), 0.0) > 0,
            "a step must cost something");
    require(std::accumulate(physics.gamma.begin(), physics.gamma.end(), 0.0) > 0,
            "a prefill must cost something");
}

void check_noise(const SimulatedNoise& n) {
    for (const double deviation : {n.run, n.config, n.dataset, n.request, n.step})
        require(natural(deviation) && deviation < 1,
                "noise is a relative standard deviation from 0 to below 1");
    require(n.outlier_share >= 0 && n.outlier_share < 1 && n.outlier_factor > 0,
            "outlier_share is from 0 to below 1");
}

void check_effects(const SimulatedEffects& e) {
    require_between("first_step_factor", e.first_step_factor, 0.01, 1000);
    require_between("last_step_factor", e.last_step_factor, 0.01, 1000);
    require_between("transient_steps", e.transient_steps, 1, largest_length);
    require_between("context_percent_per_1000_tokens", e.context_percent_per_1000_tokens, 0, 1e6);
    require_between("page_tokens", e.page_tokens, 1, 1e6);
    require_between("page_jump_percent", e.page_jump_percent, -50, 1000);
    require_between("period_steps", e.period_steps, 2, largest_length);
    require_between("period_percent", e.period_percent, 0, 90);
    require_between("prefill_share_in_step_1", e.prefill_share_in_step_1, 0, 1);
    require_between("log_law_offset_ms", e.log_law_offset_ms, 0, 1e6);
    require_between("log_law_factor_ms", e.log_law_factor_ms, 0, 1e6);
    require_between("slow_request_share", e.slow_request_share, 0, 1);
    require_between("slow_request_factor", e.slow_request_factor, 0.01, 1000);
    require_between("slow_step_share", e.slow_step_share, 0, 1);
    require_between("slow_step_factor", e.slow_step_factor, 0.01, 1000);
    require_between("drift_percent", e.drift_percent, -90, 1000);
    require_between("shift_percent", e.shift_percent, -90, 1000);
    require_between("shift_at", e.shift_at, 0, 1);
    require_between("warm_up_percent", e.warm_up_percent, -90, 1000);
    require_between("warm_up_requests", static_cast<double>(e.warm_up_requests), 0, 1e9);
    require_between("run_level", e.run_level, 0, 0.99);
    require_between("noise_spread", e.noise_spread, 1, 100);
    require_between("clock_tick_ms", e.clock_tick_ms, 0, 1000);
    require_between("repetition", e.repetition, 0, 1e9);
}

// Before anything is drawn: a record with its texts and its longest possible answer.
void check_memory(const SimulationParameters& p) {
    require(p.requests > 0, "requests must be above 0");
    const int longest = p.lengths.rule == LengthRule::task ? 64 : p.lengths.longest;
    const double bytes =
        static_cast<double>(p.requests) * (sizeof(SampleRecord) + 300.0 + 8.0 * longest);
    require(bytes <= largest_bytes,
            fmt::format("{} requests of up to {} tokens would take {:.0f} GiB of memory; the limit "
                        "is 4 GiB, so give fewer requests or shorter answers",
                        p.requests, longest, bytes / (1 << 30)));
}

void check_lengths(const SimulationParameters& p) {
    require_between("single_token_share", p.single_token_share, 0, 1);
    require(p.lengths.shortest >= 1 && p.lengths.longest >= p.lengths.shortest &&
                p.lengths.longest <= largest_length,
            fmt::format("lengths from {} to {}: give 1 <= shortest <= longest <= {}",
                        p.lengths.shortest, p.lengths.longest, largest_length));
}

void check_time(double time_ms, const Request& request, const std::string& what) {
    require(time_ms > 0 && time_ms < largest_time_ms,
            fmt::format("{} of top_k {}, {} blocks would take {:g} ms; change the slope, the "
                        "exponent, the factors or the coefficients",
                        what, request.top_k, request.active_blocks, time_ms));
}

// Steps are monotone in the position up to the factors that were checked before, so the ends
// suffice.
void check_times(const SimulationParameters& p) {
    const int longest = p.lengths.rule == LengthRule::task ? 64 : p.lengths.longest;
    for (const int top_k : p.top_k) {
        for (const int blocks : p.blocks) {
            const Request request{1728, 104, 2, top_k, blocks, 13};
            for (const int step : {1, std::max(1, longest - 1)})
                check_time(simulated_step_ms(p, request, step, longest - 1), request,
                           fmt::format("step {}", step));
            check_time(simulated_prefill_ms(p, request), request, "a prefill");
        }
    }
}

}  // namespace

void check(const SimulationParameters& p) {
    check_grid(p);
    check_physics(p.physics);
    check_noise(p.noise);
    require_between("slope_percent_per_token", p.slope_percent_per_token, -100, 1e4);
    require_between("top_k_exponent", p.top_k_exponent, -10, 10);
    check_effects(p.effects);
    check_lengths(p);
    check_memory(p);
    check_times(p);
}

}  // namespace decodemeter
