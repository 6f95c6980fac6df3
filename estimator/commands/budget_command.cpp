#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "estimator/commands/accuracy_table.hpp"
#include "estimator/commands/answers.hpp"
#include "estimator/commands/command_list.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/evaluate/budget.hpp"
#include "estimator/experiment/estimator_files.hpp"
#include "profiler/commands/checks/option_checks.hpp"
#include "profiler/record/config_key.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/table.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/exit_code.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

struct BudgetFlags {
    std::filesystem::path checkpoint = "estimator";
    RequestOptions request;
    LengthFlags length;
    double budget_ms = 0;
    double prefill_share = 0.8;
    int output_tokens = 0;
    bool best = false;
    std::size_t show = 10;
    std::filesystem::path accuracies;
    std::filesystem::path json;
};

std::string probability(const BudgetAnswer& answer) {
    if (!answer.bounds_calibrated) return "– (bounds not calibrated)";
    return answer.fit_probability > 0 ? fmt::format("{:.2f} or more", answer.fit_probability)
                                      : "below 0.90";
}

const char* p95_name(const BudgetAnswer& answer) {
    return answer.bounds_calibrated ? "P95" : "P95, not calibrated";
}

std::string bound(const BudgetAnswer& answer, double value) {
    return answer.bounds_calibrated ? milliseconds(value) : "–";
}

Json bound_json(const BudgetAnswer& answer, double value) {
    return answer.bounds_calibrated ? Json(value) : Json(nullptr);
}

std::string reason_line(const BudgetAnswer& answer, double budget_ms) {
    switch (answer.reason) {
        case BudgetReason::fits:
            return fmt::format("expected to fit with P = {}: {} ms expected of {} ms",
                               probability(answer), milliseconds(answer.total_ms),
                               milliseconds(budget_ms));
        case BudgetReason::prefill_too_slow:
            return fmt::format(
                "infeasible: prefill takes up to {} ms ({}), more than the {} ms that it may take",
                milliseconds(answer.prefill_p95_ms), p95_name(answer),
                milliseconds(answer.prefill_limit_ms));
        case BudgetReason::total_too_slow:
            return fmt::format(
                "infeasible: prefill {} ms + decode {} ms take up to {} ms ({}), {} ms over the "
                "budget",
                milliseconds(answer.prefill_ms), milliseconds(answer.decode_ms),
                milliseconds(answer.total_p95_ms), p95_name(answer),
                milliseconds(answer.total_p95_ms - budget_ms));
        case BudgetReason::refused:
            break;
    }
    return {};
}

std::vector<Feature> offending_of(const LatencyModel& model, const Request& request,
                                  const BudgetAnswer& answer) {
    return offending_features(model, request, std::max(answer.conservative_tokens, 1));
}

Json answer_json(const Request& request, const BudgetAnswer& answer,
                 std::span<const Feature> offending) {
    Json changes = Json::object();
    for (std::size_t i = 0; i < token_changes.size(); ++i)
        changes[fmt::format("{:+}", token_changes[i])] = answer.change_ms[i];
    return {{"request", request_json_value(request)},
            {"feasible", answer.feasible},
            {"reason", to_string(answer.reason)},
            {"prefill_ms", answer.prefill_ms},
            {"prefill_p95_ms", bound_json(answer, answer.prefill_p95_ms)},
            {"prefill_limit_ms", answer.prefill_limit_ms},
            {"decode_ms", answer.decode_ms},
            {"total_ms", answer.total_ms},
            {"total_p95_ms", bound_json(answer, answer.total_p95_ms)},
            {"fit_probability", bound_json(answer, answer.fit_probability)},
            {"conservative_tokens", answer.conservative_tokens},
            {"most_tokens", answer.most_tokens},
            {"coverage", to_string(answer.coverage)},
            {"feature", to_string(answer.feature)},
            {"features", names_json(offending)},
            {"token_changes_ms", changes}};
}

void print_answer(const BudgetAnswer& answer, double budget_ms) {
    fmt::print("\n{}\n\n", reason_line(answer, budget_ms));
    Table table({"ms", "expected", "P95", "limit"});
    table.add_row({"prefill", milliseconds(answer.prefill_ms), bound(answer, answer.prefill_p95_ms),
                   milliseconds(answer.prefill_limit_ms)});
    table.add_row({"decode", milliseconds(answer.decode_ms), "", ""});
    table.add_row({"total", milliseconds(answer.total_ms), bound(answer, answer.total_p95_ms),
                   milliseconds(budget_ms)});
    fmt::print("{}", table.text(output_width()));
    if (answer.most_tokens > 0)
        fmt::print("  the budget allows up to {} tokens\n", answer.most_tokens);
    std::vector<std::string> header = {"tokens more or less"};
    std::vector<std::string> row = {"ms"};
    for (std::size_t i = 0; i < token_changes.size(); ++i) {
        header.push_back(fmt::format("{:+}", token_changes[i]));
        row.push_back(fmt::format("{:+.2f}", answer.change_ms[i]));
    }
    Table changes(header);
    changes.add_row(row);
    fmt::print("\n{}", changes.text(output_width()));
}

// The measured configurations, with the request's text and, where it was given, no other tier than
// its own.
std::vector<BudgetChoice> choose(const LatencyModel& model, const BudgetFlags& flags,
                                 const BudgetQuestion& question, const LengthForecast& forecast,
                                 std::size_t& asked) {
    std::vector<Request> grid = measured_grid(model, question.request.text_tokens);
    if (!flags.request.tier.empty())
        std::erase_if(grid, [&](const Request& request) {
            return request.tier != tier_index(flags.request.tier);
        });
    asked = grid.size();
    std::vector<AccuracyEntry> accuracies;
    if (!flags.accuracies.empty()) accuracies = read_accuracy_table(flags.accuracies);
    const auto in_table = [&](const Request& request) {
        return std::any_of(accuracies.begin(), accuracies.end(), [&](const AccuracyEntry& entry) {
            return entry.tier == request.tier && entry.top_k == request.top_k &&
                   entry.active_blocks == request.active_blocks;
        });
    };
    if (!flags.accuracies.empty() && std::none_of(grid.begin(), grid.end(), in_table))
        throw InputError(flags.accuracies.string() +
                         ": names none of the measured configurations; check tier, top_k and "
                         "num_active_blocks");
    return best_choices(model, grid, question, forecast, accuracies);
}

void print_choices(const std::vector<BudgetChoice>& choices, std::size_t asked, int text_tokens,
                   const BudgetFlags& flags) {
    fmt::print(
        "\n{} of {} measured configurations are expected to fit {} ms (P95) with {} text tokens",
        choices.size(), asked, milliseconds(flags.budget_ms), text_tokens);
    if (choices.empty()) return fmt::print("\n");
    fmt::print(", {} first:\n", choices.front().accuracy ? "the most accurate" : "the largest");
    Table table({"configuration", "accuracy", "prefill ms", "decode ms", "total ms", "total P95 ms",
                 "budget used %", "most tokens", "coverage"});
    for (std::size_t i = 0; i < std::min(choices.size(), flags.show); ++i) {
        const auto& [request, answer, accuracy] = choices[i];
        table.add_row({to_string(ConfigKey{static_cast<Tier>(request.tier), request.top_k,
                                           request.active_blocks}),
                       accuracy ? fmt::format("{:.4f}", *accuracy) : "–",
                       milliseconds(answer.prefill_ms), milliseconds(answer.decode_ms),
                       milliseconds(answer.total_ms), bound(answer, answer.total_p95_ms),
                       fmt::format("{:.1f}", 100 * answer.total_ms / flags.budget_ms),
                       std::to_string(answer.most_tokens),
                       std::string(to_string(answer.coverage))});
    }
    fmt::print("{}", table.text(output_width()));
    if (choices.size() > flags.show)
        fmt::print("  ... and {} more (--show)\n", choices.size() - flags.show);
}

bool answer_best(const LatencyModel& model, const BudgetFlags& flags,
                 const BudgetQuestion& question, const LengthForecast& forecast, Json& json) {
    std::size_t asked = 0;
    const std::vector<BudgetChoice> choices = choose(model, flags, question, forecast, asked);
    print_choices(choices, asked, question.request.text_tokens, flags);
    json["asked"] = asked;
    json["feasible"] = Json::array();
    for (const BudgetChoice& choice : choices) {
        Json entry = answer_json(choice.request, choice.answer,
                                 offending_of(model, choice.request, choice.answer));
        if (choice.accuracy) entry["accuracy"] = *choice.accuracy;
        json["feasible"].push_back(std::move(entry));
    }
    return !choices.empty();
}

bool answer_one(const LatencyModel& model, const BudgetQuestion& question,
                const LengthForecast& forecast, Json& json) {
    const BudgetAnswer answer = ask_budget(model, question, forecast);
    const Request& request = question.request;
    const auto offending = offending_of(model, request, answer);
    if (answer.reason == BudgetReason::refused)
        throw InputError(coverage_line(answer.coverage, offending));
    fmt::print("{}\n{}\n", request_line(request), coverage_line(answer.coverage, offending));
    print_answer(answer, question.budget_ms);
    json["answer"] = answer_json(request, answer, offending);
    return answer.feasible;
}

void budget(const BudgetFlags& flags) {
    if (!flags.accuracies.empty() && !flags.best)
        throw InputError("--accuracy_table: only --best uses it; add --best");
    if (!std::isfinite(flags.budget_ms) || flags.budget_ms <= 0)
        throw InputError("--budget_ms: give a number of milliseconds above 0");
    if (!(flags.prefill_share >= 0 && flags.prefill_share <= 1))
        throw InputError("--prefill_share: give a number from 0 to 1");
    const LatencyModel model = read_latency_model(find_estimator(flags.checkpoint).json);
    const BudgetQuestion question{chosen_request(flags.request, model), flags.budget_ms,
                                  flags.prefill_share,
                                  parse_decode_rule(flags.length.decode).value()};
    const Task task = chosen_task(flags.length);
    const LengthForecast forecast = flags.output_tokens > 0 ? certain_length(flags.output_tokens)
                                                            : chosen_forecast(model, flags.length);
    fmt::print("budget {} ms; {}\n{}; decode by {}\n", milliseconds(flags.budget_ms),
               source_line(model),
               flags.output_tokens > 0 ? fmt::format("{} tokens", flags.output_tokens)
                                       : length_line(flags.length, forecast),
               to_string(question.rule));
    Json json = {{"budget_ms", flags.budget_ms},
                 {"task", to_string(task)},
                 {"conservative_tokens", forecast.conservative_tokens},
                 {"mean_tokens", forecast.mean_tokens},
                 {"length_learned", forecast.learned},
                 {"decode", to_string(question.rule)}};
    const bool feasible = flags.best ? answer_best(model, flags, question, forecast, json)
                                     : answer_one(model, question, forecast, json);
    if (!flags.json.empty()) write_output_file(flags.json, json.dump(1) + "\n");
    if (!feasible) throw ExitCode{1};
}

}  // namespace

void add_budget_command(CLI::App& app) {
    const auto flags = std::make_shared<BudgetFlags>();
    CLI::App* command = app.add_subcommand(
        "budget", "Check whether a request fits a latency budget, and find the best configuration");
    command
        ->add_option("--checkpoint_path", flags->checkpoint,
                     "Either file of the estimator, or their folder")
        ->capture_default_str();
    command
        ->add_option("--budget_ms", flags->budget_ms,
                     "Budget for prefill and decode together, in milliseconds")
        ->required();
    add_request_options(*command, flags->request);
    add_length_options(*command, flags->length);
    command
        ->add_option("--output_tokens", flags->output_tokens,
                     "Output tokens N, if known; 0: unknown")
        ->check(whole_number(0, 1 << 22));
    command
        ->add_option("--prefill_share", flags->prefill_share,
                     "Maximum share of the budget for the prefill's P95")
        ->capture_default_str();
    command->add_flag("--best", flags->best,
                      "List the measured configurations that fit with the largest image of their "
                      "tier, best first");
    command->add_option(
        "--accuracy_table", flags->accuracies,
        "CSV file with the columns tier,top_k,num_active_blocks,accuracy; ranks by accuracy");
    command->add_option("--show", flags->show, "Number of configurations to list")
        ->check(whole_number(0, 1 << 30))
        ->capture_default_str();
    command->add_option("--json,--output_file", flags->json,
                        "Write the answer to this file as JSON");
    command->footer(
        "A request fits if the P95 of its total, for the longest answer that 95 of 100 records of "
        "its task have, is within the budget.\n"
        "A dash means that the records do not support a bound; such a configuration is listed "
        "last.\n"
        "Exit code 1: nothing fits.\n"
        "Examples:\n"
        "  decodemeter budget --checkpoint_path estimator --budget_ms 400 --task captioning "
        "--best\n"
        "  decodemeter budget --budget_ms 250 --tier medium --top_k 8 --blocks 12 --vision_tokens "
        "600 "
        "--prompt 'What is this?'\n");
    command->callback([flags] { budget(*flags); });
}

}  // namespace decodemeter
