// Does a request fit a latency budget, and which configuration is the best that does?
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/predictor/latency_model.hpp"
#include "profiler/record/task.hpp"

namespace decodemeter {

// How the decode time of an answer of unknown length is taken.
enum class DecodeRule {
    average,          // steps of the conservative length times the step in its middle
    positions,        // the same times the mean of steps 1, 5, 10 and 20
    maximum,          // all steps of the conservative length, one by one
    expectation,      // sum over s of T(s) P(N-1 >= s)
    expected_length,  // all steps of an answer of the mean length
};
std::string_view to_string(DecodeRule rule) noexcept;
std::optional<DecodeRule> parse_decode_rule(std::string_view text) noexcept;
inline constexpr std::array<int, 4> rule_positions = {1, 5, 10, 20};

// What is believed of the answer's length N.
struct LengthForecast {
    int conservative_tokens = 0;
    double mean_tokens = 0;
    std::vector<double> survival;  // survival[s-1] = P(N-1 >= s)
    bool learned = false;          // from records, else the task's default
    // Too few records for the quantile: the conservative length is at least the task's default.
    bool few_records = false;
};
// `quantile` is 0.95 or 0.99.
LengthForecast forecast_lengths(const LatencyModel& model, Task task, double quantile = 0.95);
// Of a task that is not known: the lengths of all records together, else the default of `other`.
LengthForecast forecast_all_lengths(const LatencyModel& model, double quantile = 0.95);
// An answer of exactly N tokens.
LengthForecast certain_length(int output_tokens);

// Expected decode time under a rule, in milliseconds.
double decode_by_rule_ms(const LatencyModel& model, const Request& request,
                         const LengthForecast& forecast, DecodeRule rule) noexcept;

struct BudgetQuestion {
    Request request;
    double budget_ms = 0;
    double prefill_share = 0.8;  // of the budget that the prefill's p95 may take
    DecodeRule rule = DecodeRule::maximum;
};

enum class BudgetReason { fits, prefill_too_slow, total_too_slow, refused };
std::string_view to_string(BudgetReason reason) noexcept;

inline constexpr std::array<int, 8> token_changes = {-10, -5, -2, -1, 1, 2, 5, 10};

struct BudgetAnswer {
    bool feasible = false;
    BudgetReason reason = BudgetReason::refused;
    double prefill_ms = 0;
    double prefill_p95_ms = 0;
    double prefill_limit_ms = 0;
    double decode_ms = 0;
    double total_ms = 0;
    double total_p95_ms = 0;     // decides, with the prefill's
    double fit_probability = 0;  // that the total keeps the budget, at least: 0.99, 0.95, 0.9 or 0
    // False: P95 and probability are not backed by records, or the rule takes the answer to be
    // shorter than the conservative length.
    bool bounds_calibrated = true;
    int conservative_tokens = 0;
    int most_tokens =
        0;  // the longest answer that the budget allows, prefill rule included; 0: none
    Coverage coverage = Coverage::ok;
    Feature feature = Feature::none;
    // What an answer longer or shorter by token_changes[i] costs beside the conservative one, in
    // ms.
    std::array<double, token_changes.size()> change_ms{};
};
BudgetAnswer ask_budget(const LatencyModel& model, const BudgetQuestion& question,
                        const LengthForecast& forecast);

// One configuration of a grid that fits.
struct BudgetChoice {
    Request request;
    BudgetAnswer answer;
    std::optional<double> accuracy;
};
// (tier, top_k, active blocks) -> accuracy.
struct AccuracyEntry {
    int tier = 0;
    int top_k = 0;
    int active_blocks = 0;
    double accuracy = 0;
};

// The feasible ones of `grid`, best first: those with calibrated bounds, then by accuracy where
// `accuracies` has it, then by predicted time, the largest configuration first.
std::vector<BudgetChoice> best_choices(const LatencyModel& model, std::span<const Request> grid,
                                       const BudgetQuestion& question,
                                       const LengthForecast& forecast,
                                       std::span<const AccuracyEntry> accuracies = {});

// The measured configurations of the model with the largest image that each tier had, so that the
// bounds hold for smaller ones too.
std::vector<Request> measured_grid(const LatencyModel& model, int text_tokens);

}  // namespace decodemeter
