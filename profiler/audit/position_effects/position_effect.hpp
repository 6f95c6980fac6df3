// What an audit says of the steps of direct records.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace decodemeter {

enum class PositionEffectKind {
    transient,          // the first steps differ from the settled ones of their own request
    slope,              // the cost grows or falls per token
    jump,               // it jumps where the context fills a page of the KV cache
    last_step,          // the last step differs
    pattern,            // any other dependence on position
    stray,              // single steps far above their request's median
    drift,              // the level moves over the run
    shift,              // the level changes at one moment of the run
    level_by_length,    // long answers have another level at every step
    two_speeds,         // steps or requests fall into two groups
    prefill_in_step_1,  // step 1's excess grows with its request's prefill
    edges,              // steps, totals and stage times of a record contradict each other
};
// As in the JSON: "transient", "last_step", ...
std::string_view to_string(PositionEffectKind kind) noexcept;

// Note [Claims]
// An effect is reported from 1 % and 3.7 standard errors on (Student's t with few requests; medians
// have 99.8 % sign-test intervals). Requests are the independent units of every error, because the
// steps of one request depend on each other.
struct PositionEffect {
    PositionEffectKind kind = PositionEffectKind::transient;
    double estimate = 0;  // in `unit`
    std::array<double, 2> interval{};
    std::string_view unit;  // "percent", "percent_per_token", "percent_of_steps", "records", ...
    int first_step = 0;     // covered; 0: not an effect of some steps
    int last_step = 0;
    std::string sentence;

    // Only `edges` and `prefill_in_step_1` make the times of a set wrong. The others are findings
    // about the device or the program.
    bool suspicious() const noexcept {
        return kind == PositionEffectKind::edges || kind == PositionEffectKind::prefill_in_step_1;
    }
};

// One point of the position curve: time of a step as a share of its request's settled median.
struct CurvePoint {
    int step = 0;
    double center = 0;  // median over the requests
    double lower = 0;   // 95 % interval of the median
    double upper = 0;
    std::size_t requests = 0;
};

struct PositionCurve {
    std::string name;  // of a configuration, or "all configurations"
    std::vector<CurvePoint> points;
};

// Growth after the transient, also where it is too small to be an effect.
struct SlopeEstimate {
    double percent_per_token = 0;
    double error = 0;  // standard error
    int first_step = 0;
    int last_step = 0;
};

struct PositionEffects {
    std::size_t requests = 0;       // with every step recorded
    std::size_t long_requests = 0;  // of 9 steps or more
    std::string untested;           // why effects of position were not looked for; empty: they were
    std::string levels_untested;    // likewise for drift, shift and level_by_length
    std::string drift_untested;     // likewise for drift and shift alone
    int settled_from = 1;
    std::optional<SlopeEstimate> slope;
    std::vector<PositionEffect> effects;
    PositionCurve pooled;
    std::vector<PositionCurve> by_config;  // from the cheapest to the most expensive, at most 5
};

}  // namespace decodemeter
