// How simulated decode steps depart from the physical model: one parameter for each question that
// an audit answers. All defaults mean no effect. A leaf.
#pragma once

#include <cstdint>
#include <string_view>

namespace decodemeter {

struct SimulatedEffects {
    // Position of the step in its answer.
    double first_step_factor = 1;  // of step 1
    int transient_steps = 1;       // its excess falls linearly to 0 over these steps
    double last_step_factor = 1;
    double context_percent_per_1000_tokens = 0;  // growth with context = prompt tokens + step
    int page_tokens = 256;
    double page_jump_percent = 0;  // growth with each page that the answer's context has crossed
    int period_steps = 8;
    double period_percent = 0;           // amplitude of a sine over the positions
    double prefill_share_in_step_1 = 0;  // of the prefill: runs inside step 1
    // step = offset + factor log(step + 1) in place of the physical model, where either is not 0.
    double log_law_offset_ms = 0;
    double log_law_factor_ms = 0;

    // Mixtures: this share of the requests, or of the steps, takes the factor.
    double slow_request_share = 0;
    double slow_request_factor = 1;
    double slow_step_share = 0;
    double slow_step_factor = 1;

    // Place of the request in the run.
    double drift_percent = 0;  // from the first request to the last
    double shift_percent = 0;  // from `shift_at` (0 to 1) of the run on
    double shift_at = 0.5;
    double warm_up_percent = 0;  // of the first request; falls linearly to 0
    std::int64_t warm_up_requests = 0;

    // The run as a whole and its clock.
    double run_level = 0;      // relative standard deviation of a factor that all records share
    double noise_spread = 1;   // each request's step noise is multiplied by 1 to this
    double clock_tick_ms = 0;  // step edges are multiples of it
    int repetition = 0;        // above 0: the same requests under other noise
    bool no_tiers = false;     // records of a program without tiers

    bool operator==(const SimulatedEffects&) const = default;
};

// What decides an answer's length.
enum class LengthRule {
    task,           // the published lengths of the data set's task
    equal,          // all `longest`
    uniform,        // between `shortest` and `longest`
    log_uniform,    // the same, evenly over the logarithm
    configuration,  // later configurations of the grid answer at more length
    dataset,        // later data sets answer at more length
    time,           // later requests answer at more length
};
std::string_view to_string(LengthRule rule) noexcept;
// Throws InputError listing the names.
LengthRule parse_length_rule(std::string_view name);

struct SimulatedLengths {
    LengthRule rule = LengthRule::task;
    int shortest = 2;  // both for rules other than task
    int longest = 64;

    bool operator==(const SimulatedLengths&) const = default;
};

// Factor on `step` (from 1) of an answer with `prompt_tokens` tokens before it. `last_step` is the
// answer's number of steps, or 0 where it is not known.
double position_factor(const SimulatedEffects& effects, int prompt_tokens, int step,
                       int last_step) noexcept;

// Factor on all times of request `index` of `requests`.
double run_factor(const SimulatedEffects& effects, std::int64_t index,
                  std::int64_t requests) noexcept;

bool has_log_law(const SimulatedEffects& effects) noexcept;

}  // namespace decodemeter
