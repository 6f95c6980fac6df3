#include "estimator/evaluate/budget.hpp"

#include <cmath>
#include <random>

#include "tests/catch.hpp"
#include "tests/estimator/evaluate/budget_overruns.hpp"

using namespace decodemeter;

namespace {

// A model with bounds, ranges and a slope, and no need of records.
LatencyModel hand_made_model() {
    LatencyModel model;
    Physics physics;
    physics.decode[0] = {2.0, 0.4, 0.05};
    physics.decode[7] = {0, 0.002, 0};
    physics.decode[8] = {0, 2e-5, 0};
    physics.prefill = {{{8, 0.4, 0}, {3.5, 0, 0}, {0, 1.2e-3, 1.2e-4}, {0, 1e-7, 0}}};
    model.physics = make_physics_model(physics, {}, {});
    model.bounds.prefill = {1.05, 1.1, 1.2};
    model.bounds.total.fill({1.04, 1.08, 1.15});
    model.ranges.fill({0, 1e9});
    for (const int tier : {0, 1, 2}) {
        for (const int top_k : {4, 8, 12}) {
            for (const int blocks : {8, 12, 16})
                model.table.costs.push_back({tier, top_k, blocks, 1, 1, 288 + 400 * tier, 10});
        }
    }
    TaskLengths lengths{"captioning", 400, 3.5, 6, 7, {1, 0.75, 0.5, 0.25, 0.25}};
    model.lengths = {lengths};
    return model;
}

double sum_of_steps(const LatencyModel& model, const Request& request, int tokens) {
    double sum = 0;
    for (int s = 1; s < tokens; ++s) sum += model_step_ms(model, request, s);
    return sum;
}

double by_hand(const LatencyModel& model, const Request& request, const LengthForecast& forecast,
               DecodeRule rule) {
    const int tokens = forecast.conservative_tokens;
    const int steps = std::max(tokens - 1, 0);
    double sum = 0;
    switch (rule) {
        case DecodeRule::average:
            return steps * (steps == 0 ? 0.0 : sum_of_steps(model, request, tokens) / steps);
        case DecodeRule::positions:
            for (const int s : {1, 5, 10, 20}) sum += model_step_ms(model, request, s) / 4;
            return steps * sum;
        case DecodeRule::maximum:
            return sum_of_steps(model, request, tokens);
        case DecodeRule::expectation:
            for (std::size_t s = 0; s < forecast.survival.size(); ++s)
                sum +=
                    forecast.survival[s] * model_step_ms(model, request, static_cast<int>(s) + 1);
            return sum;
        case DecodeRule::expected_length:
            break;
    }
    const int whole = static_cast<int>(forecast.mean_tokens);
    const double part = forecast.mean_tokens - whole;
    return (1 - part) * sum_of_steps(model, request, whole) +
           part * sum_of_steps(model, request, whole + 1);
}

}  // namespace

TEST_CASE("Budget answers agree with brute force on 10,000 random questions") {
    const LatencyModel model = hand_made_model();
    std::mt19937_64 random(7);
    const auto draw = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(random);
    };
    int feasible = 0;
    int wrong = 0;
    double largest_difference = 0;
    for (int i = 0; i < 10000; ++i) {
        const Request request{draw(0, 1500), draw(1, 300), draw(0, 2), draw(0, 16), draw(1, 32), 0};
        const BudgetQuestion question{
            request, std::exp(std::uniform_real_distribution<double>(2, 9)(random)),
            std::uniform_real_distribution<double>(0.2, 1)(random),
            static_cast<DecodeRule>(draw(0, 4))};
        const LengthForecast forecast =
            draw(0, 1) ? certain_length(draw(1, 80)) : forecast_lengths(model, Task::captioning);
        const BudgetAnswer answer = ask_budget(model, question, forecast);

        const double prefill = model_prefill_ms(model, request);
        const double decode = by_hand(model, request, forecast, question.rule);
        const bool prefill_fits =
            prefill * model.bounds.prefill.p95 <= question.prefill_share * question.budget_ms;
        const int tokens = std::max(forecast.conservative_tokens, 1);
        const auto bound = [&](int n) { return predict(model, request, n).total; };
        const double factor = bound(tokens).p95_ms / bound(tokens).expected_ms;
        const bool fits = prefill_fits && (prefill + decode) * factor <= question.budget_ms;
        largest_difference = std::max(largest_difference,
                                      std::abs(answer.decode_ms - decode) / std::max(decode, 1.0));
        wrong += answer.feasible != fits;
        feasible += fits;
        if (prefill_fits && bound(1).p95_ms <= question.budget_ms) {
            const int most = answer.most_tokens;
            wrong += bound(most).p95_ms > question.budget_ms * (1 + 1e-12);
            wrong += bound(most + 1).p95_ms <= question.budget_ms * (1 - 1e-12);
        }
    }
    CHECK(wrong == 0);
    CHECK(largest_difference < 1e-9);
    CHECK(feasible > 1000);
    CHECK(feasible < 9000);
}

TEST_CASE("A prefill over its share of the budget is infeasible whatever the decode") {
    const LatencyModel model = hand_made_model();
    const Request request{1152, 60, 2, 8, 16, 0};
    const double prefill = model_prefill_ms(model, request);
    const BudgetAnswer answer =
        ask_budget(model, {request, prefill * 1.1 / 0.8 * 0.999}, certain_length(1));
    CHECK(answer.reason == BudgetReason::prefill_too_slow);
    CHECK_FALSE(answer.feasible);
    CHECK(ask_budget(model, {request, prefill * 1.1 / 0.8 * 1.001}, certain_length(1)).feasible);
}

TEST_CASE("The best configurations are sorted by accuracy where there is a table, else by time") {
    const LatencyModel model = hand_made_model();
    const auto grid = measured_grid(model, 60);
    const BudgetQuestion question{{}, 250};
    const auto by_size = best_choices(model, grid, question, certain_length(20));
    REQUIRE(by_size.size() > 2);
    CHECK(by_size.size() < grid.size());
    for (std::size_t i = 1; i < by_size.size(); ++i)
        CHECK(by_size[i - 1].answer.total_ms >= by_size[i].answer.total_ms);
    const std::vector<AccuracyEntry> accuracies = {{0, 4, 8, 0.9}, {1, 4, 8, 0.8}};
    const auto by_accuracy = best_choices(model, grid, question, certain_length(20), accuracies);
    CHECK(by_accuracy[0].accuracy == 0.9);
    CHECK(by_accuracy[1].accuracy == 0.8);
    CHECK_FALSE(by_accuracy[2].accuracy.has_value());
}

TEST_CASE("A task's length comes from the records where they have it, else from its default") {
    const LatencyModel model = hand_made_model();
    CHECK(forecast_lengths(model, Task::captioning).conservative_tokens == 6);
    CHECK(forecast_lengths(model, Task::captioning, 0.99).conservative_tokens == 7);
    CHECK(forecast_lengths(model, Task::captioning).learned);
    const LengthForecast vqa = forecast_lengths(model, Task::vqa);
    CHECK(vqa.conservative_tokens == 6);
    CHECK_FALSE(vqa.learned);
    CHECK(forecast_lengths(model, Task::doc_qa).conservative_tokens == 28);
    CHECK(forecast_lengths(model, Task::text_vqa).conservative_tokens == 15);
    CHECK(forecast_lengths(model, Task::other).conservative_tokens == 20);
    CHECK(forecast_lengths(hand_made_model(), Task::captioning).mean_tokens == 3.5);
}

TEST_CASE("An unknown task has the lengths of all records together") {
    LatencyModel model = hand_made_model();
    // 400 records of 3.5 tokens with 25 % above 5, and 9600 of 2 tokens: 1 % is above 5.
    model.lengths.push_back({"vqa", 9600, 2, 2, 2, {1}});
    const LengthForecast forecast = forecast_all_lengths(model);
    CHECK(forecast.learned);
    CHECK(forecast.mean_tokens == Approx(0.04 * 3.5 + 0.96 * 2));
    CHECK(forecast.conservative_tokens == 2);
    CHECK(forecast_all_lengths(model, 0.99).conservative_tokens == 4);
    CHECK(forecast.survival[1] == Approx(0.03));
    model.lengths.clear();
    CHECK(forecast_all_lengths(model).conservative_tokens == 20);
}

TEST_CASE("Records too few for the quantile give at least the default length") {
    LatencyModel model = hand_made_model();
    const auto forecast_with = [&](std::int64_t records, double quantile) {
        model.lengths.front().records = records;
        return forecast_lengths(model, Task::captioning, quantile);
    };
    CHECK(forecast_with(18, 0.95).conservative_tokens == 64);
    CHECK(forecast_with(18, 0.95).few_records);
    CHECK(forecast_with(19, 0.95).conservative_tokens == 6);
    CHECK(forecast_with(98, 0.99).conservative_tokens == 64);
    CHECK(forecast_with(99, 0.99).conservative_tokens == 7);
    model.lengths.front().records = 18;
    CHECK(forecast_all_lengths(model).conservative_tokens == 20);
}

TEST_CASE("A rule that takes the answer to be short promises no bound") {
    const LatencyModel model = hand_made_model();
    const Request request{1152, 60, 2, 8, 16, 0};
    const LengthForecast forecast = forecast_lengths(model, Task::captioning);
    const auto ask = [&](DecodeRule rule, const LengthForecast& length) {
        return ask_budget(model, {request, 1e6, 1.0, rule}, length);
    };
    CHECK(ask(DecodeRule::maximum, forecast).bounds_calibrated);
    CHECK_FALSE(ask(DecodeRule::expectation, forecast).bounds_calibrated);
    CHECK(ask(DecodeRule::expectation, certain_length(9)).bounds_calibrated);
}

TEST_CASE("The best configurations are asked with the largest image of their tier") {
    LatencyModel model = hand_made_model();
    model.tier_ranges[2] = model.ranges;
    model.tier_ranges[2]->front() = {928, 1152};
    for (const Request& request : measured_grid(model, 60))
        CHECK(request.vision_tokens == (request.tier == 2 ? 1152 : 288 + 400 * request.tier));
}

TEST_CASE("Requests overrun the budget of the best configuration no more than promised") {
    // Few requests, lengths and levels that depend on the data set, steps that the model does not
    // have, outliers above the threshold, one configuration.
    for (const char* truth : {"flat", "few50_slope1", "first15_by_dataset", "len_by_dataset",
                              "log_law", "heavy", "one_config", "long2048"}) {
        std::map<std::string, test::BudgetOverruns> sums;
        for (const std::uint64_t seed : {1, 2, 3}) {
            for (const auto& [name, one] : test::budget_overruns(find_truth(truth), 3600, seed)) {
                sums[name].served += one.served;
                sums[name].overran += one.overran;
            }
        }
        std::int64_t served = 0;
        for (const auto& [name, sum] : sums) {
            INFO(truth << ", " << name << ": " << sum.overran << " of " << sum.served);
            CHECK(static_cast<double>(sum.overran) <= 0.07 * static_cast<double>(sum.served));
            served += sum.served;
        }
        CHECK(served > 1000);
    }
}

TEST_CASE("Fewer requests than a P95 takes promise nothing") {
    for (const auto& [name, result] : test::budget_overruns(find_truth("few18"), 3600, 1)) {
        INFO(name);
        CHECK(result.served == 0);
        CHECK(result.not_promised + result.unanswered == result.questions);
    }
}

TEST_CASE("What fits is decided by the total's P95, and the answer says with which probability") {
    const LatencyModel model = hand_made_model();
    const Request request{1152, 60, 2, 8, 16, 0};
    const BoundedTime total = predict(model, request, 64).total;
    const auto ask = [&](double budget_ms) {
        return ask_budget(model, {request, budget_ms, 1.0}, certain_length(64));
    };
    CHECK_FALSE(ask(total.p95_ms * 0.999).feasible);
    CHECK(ask(total.p95_ms * 0.999).fit_probability == 0.9);
    CHECK(ask(total.p95_ms * 1.001).feasible);
    CHECK(ask(total.p95_ms * 1.001).fit_probability == 0.95);
    CHECK(ask(total.p99_ms * 1.001).fit_probability == 0.99);
    CHECK(ask(total.expected_ms).fit_probability == 0);
}

TEST_CASE("More tokens cost more, and what they cost is the steps between") {
    const LatencyModel model = hand_made_model();
    const Request request{576, 60, 1, 8, 16, 0};
    const BudgetAnswer answer = ask_budget(model, {request, 1000}, certain_length(30));
    for (std::size_t i = 0; i < token_changes.size(); ++i)
        CHECK(answer.change_ms[i] == Approx(sum_of_steps(model, request, 30 + token_changes[i]) -
                                            sum_of_steps(model, request, 30)));
}

TEST_CASE("A request without meaning is refused, with the feature") {
    const LatencyModel model = hand_made_model();
    const BudgetAnswer answer = ask_budget(model, {{576, 60, 1, 8, 0, 0}, 1000}, certain_length(3));
    CHECK(answer.reason == BudgetReason::refused);
    CHECK(answer.feature == Feature::active_blocks);
}
