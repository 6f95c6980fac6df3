#include "estimator/evaluate/budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace decodemeter {

namespace {

constexpr std::array<std::string_view, 5> rule_names = {"average", "positions", "maximum",
                                                        "expectation", "expected_length"};
constexpr int longest_answer = 1 << 20;

// The share of requests that the bounds promise within `ratio` times the expected time: 0.9, 0.95
// or 0.99, and 0 where they promise less than 0.9.
double fit_probability(const BoundedTime& time, double ratio) noexcept {
    const double limit_ms = ratio * time.expected_ms;
    if (limit_ms >= time.p99_ms) return 0.99;
    if (limit_ms >= time.p95_ms) return 0.95;
    return limit_ms >= time.p90_ms ? 0.9 : 0;
}

// Fewer records have no value that a further one stays under with this probability.
bool too_few(std::int64_t records, double quantile) noexcept {
    return static_cast<double>(records + 1) * (1 - quantile) < 1 - 1e-9;
}

// Steps of a fractional number of tokens: linear between whole ones.
double decode_of_mean_ms(const LatencyModel& model, const Request& request,
                         double tokens) noexcept {
    const int below = static_cast<int>(std::floor(tokens));
    const double low = model_decode_ms(model, request, below);
    const double high = model_decode_ms(model, request, below + 1);
    return low + (tokens - below) * (high - low);
}

double total_p95_ms(const LatencyModel& model, const Request& request, int output_tokens) {
    return predict(model, request, output_tokens).total.p95_ms;
}

// The longest answer whose total's P95 keeps the budget.
int longest_that_fits(const LatencyModel& model, const Request& request, double budget_ms) {
    if (total_p95_ms(model, request, 1) > budget_ms) return 0;
    int fits = 1;
    int too_long = longest_answer;
    while (too_long - fits > 1) {
        const int middle = fits + (too_long - fits) / 2;
        if (total_p95_ms(model, request, middle) <= budget_ms) fits = middle;
        else too_long = middle;
    }
    return fits;
}

std::optional<double> accuracy_of(std::span<const AccuracyEntry> accuracies,
                                  const Request& request) {
    for (const AccuracyEntry& entry : accuracies) {
        if (entry.tier == request.tier && entry.top_k == request.top_k &&
            entry.active_blocks == request.active_blocks)
            return entry.accuracy;
    }
    return std::nullopt;
}

bool better(const BudgetChoice& a, const BudgetChoice& b) {
    const double none = -std::numeric_limits<double>::infinity();
    const double mine = a.accuracy.value_or(none);
    const double other = b.accuracy.value_or(none);
    if (a.answer.bounds_calibrated != b.answer.bounds_calibrated) return a.answer.bounds_calibrated;
    if (mine != other) return mine > other;
    return a.answer.total_ms > b.answer.total_ms;
}

int largest_image(const LatencyModel& model, const ConfigurationCost& cost) noexcept {
    const auto& ranges = model.tier_ranges[static_cast<std::size_t>(cost.tier)];
    return ranges ? static_cast<int>(ranges->front().high) : cost.vision_tokens;
}

// The sum over s of what an answer of s steps costs more than one of s - 1, times P(N-1 >= s).
double expected_ms(const LatencyModel& model, const Request& request,
                   std::span<const double> survival) noexcept {
    const CurveValues curves = curves_of(model.physics, request);
    double sum = 0;
    double shorter = 0;
    for (std::size_t s = 0; s < survival.size(); ++s) {
        const double longer = decode_ms(curves, request, static_cast<int>(s) + 2);
        sum += survival[s] * (longer - shorter);
        shorter = longer;
    }
    return sum;
}

}  // namespace

std::string_view to_string(DecodeRule rule) noexcept {
    return rule_names[static_cast<std::size_t>(rule)];
}

std::optional<DecodeRule> parse_decode_rule(std::string_view text) noexcept {
    for (std::size_t i = 0; i < rule_names.size(); ++i) {
        if (rule_names[i] == text) return static_cast<DecodeRule>(i);
    }
    return std::nullopt;
}

std::string_view to_string(BudgetReason reason) noexcept {
    constexpr std::array<std::string_view, 4> names = {"fits", "prefill_too_slow", "total_too_slow",
                                                       "refused"};
    return names[static_cast<std::size_t>(reason)];
}

LengthForecast certain_length(int output_tokens) {
    return {output_tokens, static_cast<double>(output_tokens),
            std::vector<double>(static_cast<std::size_t>(std::max(output_tokens - 1, 0)), 1.0),
            false};
}

LengthForecast forecast_lengths(const LatencyModel& model, Task task, double quantile) {
    for (const TaskLengths& lengths : model.lengths) {
        if (lengths.task != to_string(task)) continue;
        LengthForecast forecast{quantile > 0.97 ? lengths.p99_tokens : lengths.p95_tokens,
                                lengths.mean_tokens, lengths.survival, true};
        forecast.few_records = too_few(lengths.records, quantile);
        if (forecast.few_records)
            forecast.conservative_tokens =
                std::max(forecast.conservative_tokens, default_output_tokens(task));
        return forecast;
    }
    return certain_length(default_output_tokens(task));
}

LengthForecast forecast_all_lengths(const LatencyModel& model, double quantile) {
    double records = 0;
    double tokens = 0;
    std::vector<double> longer;  // longer[s-1]: records with N - 1 >= s
    for (const TaskLengths& lengths : model.lengths) {
        const double weight = static_cast<double>(lengths.records);
        records += weight;
        tokens += weight * lengths.mean_tokens;
        if (longer.size() < lengths.survival.size()) longer.resize(lengths.survival.size(), 0);
        for (std::size_t s = 0; s < lengths.survival.size(); ++s)
            longer[s] += weight * lengths.survival[s];
    }
    if (records <= 0) return certain_length(default_output_tokens(Task::other));
    LengthForecast forecast{1, tokens / records, std::move(longer), true};
    for (double& share : forecast.survival) share /= records;
    for (const double share : forecast.survival)
        forecast.conservative_tokens += share > 1 - quantile + 1e-9;
    forecast.few_records = too_few(static_cast<std::int64_t>(records), quantile);
    if (forecast.few_records)
        forecast.conservative_tokens =
            std::max(forecast.conservative_tokens, default_output_tokens(Task::other));
    return forecast;
}

double decode_by_rule_ms(const LatencyModel& model, const Request& request,
                         const LengthForecast& forecast, DecodeRule rule) noexcept {
    const int steps = std::max(forecast.conservative_tokens - 1, 0);
    double sum = 0;
    switch (rule) {
        case DecodeRule::average:
            // The step in the middle of the answer; between two steps their mean.
            if (steps == 0) return 0;
            return steps *
                   (model_step_ms(model, request, (steps + 1) / 2) +
                    model_step_ms(model, request, steps / 2 + 1)) /
                   2;
        case DecodeRule::positions:
            for (const int position : rule_positions)
                sum += model_step_ms(model, request, position);
            return steps * sum / static_cast<double>(rule_positions.size());
        case DecodeRule::maximum:
            return model_decode_ms(model, request, forecast.conservative_tokens);
        case DecodeRule::expectation:
            return expected_ms(model, request, forecast.survival);
        case DecodeRule::expected_length:
            return decode_of_mean_ms(model, request, std::max(forecast.mean_tokens, 1.0));
    }
    return sum;
}

BudgetAnswer ask_budget(const LatencyModel& model, const BudgetQuestion& question,
                        const LengthForecast& forecast) {
    const Request& request = question.request;
    BudgetAnswer answer;
    answer.conservative_tokens = forecast.conservative_tokens;
    const Estimate estimate = predict(model, request, std::max(forecast.conservative_tokens, 1));
    answer.coverage = estimate.coverage;
    answer.feature = estimate.feature;
    if (estimate.coverage == Coverage::refused || !(question.budget_ms > 0)) return answer;

    answer.prefill_ms = estimate.prefill.expected_ms;
    answer.prefill_p95_ms = estimate.prefill.p95_ms;
    answer.prefill_limit_ms = question.prefill_share * question.budget_ms;
    answer.decode_ms = decode_by_rule_ms(model, request, forecast, question.rule);
    answer.total_ms = answer.prefill_ms + answer.decode_ms;
    // The bound of an answer of the conservative length, carried over to the rule's decode time.
    const double p95_factor = estimate.total.p95_ms / estimate.total.expected_ms;
    answer.total_p95_ms = answer.total_ms * p95_factor;
    answer.fit_probability = fit_probability(estimate.total, question.budget_ms / answer.total_ms);
    // A rule that counts with less than the conservative length promises nothing of longer answers.
    const double longest_ms = model_decode_ms(model, request, forecast.conservative_tokens);
    answer.bounds_calibrated =
        estimate.bounds_calibrated && answer.decode_ms >= longest_ms * (1 - 1e-9);
    const bool prefill_fits = answer.prefill_p95_ms <= answer.prefill_limit_ms;
    answer.feasible = prefill_fits && answer.total_p95_ms <= question.budget_ms;
    answer.reason = !prefill_fits     ? BudgetReason::prefill_too_slow
                    : answer.feasible ? BudgetReason::fits
                                      : BudgetReason::total_too_slow;
    if (prefill_fits) answer.most_tokens = longest_that_fits(model, request, question.budget_ms);
    for (std::size_t i = 0; i < token_changes.size(); ++i) {
        const int tokens = std::max(forecast.conservative_tokens + token_changes[i], 1);
        answer.change_ms[i] = model_decode_ms(model, request, tokens) - longest_ms;
    }
    return answer;
}

std::vector<BudgetChoice> best_choices(const LatencyModel& model, std::span<const Request> grid,
                                       const BudgetQuestion& question,
                                       const LengthForecast& forecast,
                                       std::span<const AccuracyEntry> accuracies) {
    std::vector<BudgetChoice> choices;
    for (const Request& request : grid) {
        BudgetQuestion asked = question;
        asked.request = request;
        const BudgetAnswer answer = ask_budget(model, asked, forecast);
        if (answer.feasible) choices.push_back({request, answer, accuracy_of(accuracies, request)});
    }
    std::stable_sort(choices.begin(), choices.end(), better);
    return choices;
}

std::vector<Request> measured_grid(const LatencyModel& model, int text_tokens) {
    std::vector<Request> grid;
    for (const ConfigurationCost& cost : model.table.costs)
        grid.push_back({largest_image(model, cost), text_tokens, cost.tier, cost.top_k,
                        cost.active_blocks, 0});
    return grid;
}

}  // namespace decodemeter
