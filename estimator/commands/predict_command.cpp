#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "estimator/commands/answers.hpp"
#include "estimator/commands/command_list.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/evaluate/budget.hpp"
#include "estimator/experiment/estimator_files.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/table.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

struct PredictFlags {
    std::filesystem::path checkpoint = "estimator";
    RequestOptions request;
    std::vector<int> positions = {1, 5, 10, 20};
    int output_tokens = 0;  // 0: unknown, so by task and rule
    LengthFlags length;
    std::filesystem::path json;
};

// What one model says; NaN where it does not say it.
struct ModelAnswer {
    ModelKind kind{};
    double prefill_ms = NAN;
    double decode_ms = NAN;
    std::vector<double> steps_ms;
};

std::vector<ModelAnswer> simple_answers(const LatencyModel& model, const Request& request,
                                        int tokens, std::span<const int> positions) {
    std::vector<ModelAnswer> answers;
    ModelAnswer physics{ModelKind::physics,
                        model_prefill_ms(model, request),
                        model_decode_ms(model, request, tokens),
                        {}};
    for (const int position : positions)
        physics.steps_ms.push_back(model_step_ms(model, request, position));
    answers.push_back(std::move(physics));
    if (const ConfigurationCost* cost = model.table.nearest(request)) {
        answers.push_back({ModelKind::constant_per_config, cost->prefill_ms,
                           cost->step_ms * (tokens - 1),
                           std::vector<double>(positions.size(), cost->step_ms)});
    }
    if (!model.average.network.empty()) {
        const AverageTimes average = average_times(model.average, request);
        answers.push_back({ModelKind::average, average.prefill_ms, average.per_token_ms * tokens,
                           std::vector<double>(positions.size(), average.per_token_ms)});
    }
    return answers;
}

std::vector<ModelAnswer> answers_of(const LatencyModel& model, const EstimatorFiles& files,
                                    const Request& request, int tokens,
                                    std::span<const int> positions) {
    std::vector<ModelAnswer> answers = simple_answers(model, request, tokens, positions);
    if (const auto network = load_network(files, model)) {
        answers.push_back({network->kind(), network->predict_prefill(request),
                           network->predict_decode(request, tokens),
                           network->predict_decode_at_positions(request, positions)});
    }
    return answers;
}

Table answer_table(const std::vector<ModelAnswer>& answers, std::span<const int> positions) {
    std::vector<std::string> header = {"model, ms", "prefill", "decode", "total"};
    for (const int position : positions) header.push_back(fmt::format("step {}", position));
    Table table(header);
    for (const ModelAnswer& answer : answers) {
        std::vector<std::string> row = {
            std::string(to_string(answer.kind)), milliseconds(answer.prefill_ms),
            milliseconds(answer.decode_ms), milliseconds(answer.prefill_ms + answer.decode_ms)};
        for (const double step : answer.steps_ms) row.push_back(milliseconds(step));
        table.add_row(std::move(row));
    }
    return table;
}

Table bound_table(const Estimate& estimate) {
    Table table({"physics, ms", "expected", "P90", "P95", "P99"});
    const auto add = [&](const char* name, const BoundedTime& time) {
        const auto bound = [&](double value) {
            return estimate.bounds_calibrated ? milliseconds(value) : "–";
        };
        table.add_row({name, milliseconds(time.expected_ms), bound(time.p90_ms), bound(time.p95_ms),
                       bound(time.p99_ms)});
    };
    add("prefill", estimate.prefill);
    add("decode total", estimate.decode);
    add("total", estimate.total);
    return table;
}

// Bounds that no records back are null, as NaN is.
Json bounded_json(const BoundedTime& time, bool calibrated) {
    const auto bound = [&](double value) { return calibrated ? value : NAN; };
    return {{"expected_ms", time.expected_ms},
            {"p90_ms", bound(time.p90_ms)},
            {"p95_ms", bound(time.p95_ms)},
            {"p99_ms", bound(time.p99_ms)}};
}

Json answer_json(const Request& request, int tokens, const Estimate& estimate,
                 const std::vector<ModelAnswer>& answers, std::span<const int> positions) {
    const bool calibrated = estimate.bounds_calibrated;
    Json json = {{"request", request_json_value(request)},
                 {"output_tokens", tokens},
                 {"coverage", to_string(estimate.coverage)},
                 {"feature", to_string(estimate.feature)},
                 {"prefill", bounded_json(estimate.prefill, calibrated)},
                 {"decode_total", bounded_json(estimate.decode, calibrated)},
                 {"total", bounded_json(estimate.total, calibrated)},
                 {"hierarchical_p95_ms", calibrated ? estimate.hierarchical_p95_ms : NAN},
                 {"positions", std::vector<int>(positions.begin(), positions.end())}};
    for (const ModelAnswer& answer : answers) {
        json["models"][std::string(to_string(answer.kind))] = {
            {"prefill_ms", answer.prefill_ms},
            {"decode_total_ms", answer.decode_ms},
            {"steps_ms", answer.steps_ms}};
    }
    return json;
}

void print_unknown_length(const LatencyModel& model, const Request& request,
                          const LengthFlags& flags, Json& json) {
    const LengthForecast forecast = chosen_forecast(model, flags);
    fmt::print("\nanswer length unknown: {}\n", length_line(flags, forecast));
    Table table({"way to take it", "decode ms", "total ms"});
    const double prefill = model_prefill_ms(model, request);
    for (const DecodeRule rule : all_decode_rules) {
        const double decode = decode_by_rule_ms(model, request, forecast, rule);
        const std::string mark = to_string(rule) == flags.decode ? " *" : "";
        table.add_row({std::string(to_string(rule)) + mark, milliseconds(decode),
                       milliseconds(prefill + decode)});
        json["decode_rules"][std::string(to_string(rule))] = decode;
    }
    fmt::print("{}", table.text(output_width()));
}

void predict(const PredictFlags& flags) {
    const EstimatorFiles files = find_estimator(flags.checkpoint);
    const LatencyModel model = read_latency_model(files.json);
    const Request request = chosen_request(flags.request, model);
    for (const int position : flags.positions)
        if (position < 1 || position > 1 << 16)
            throw InputError("--positions: a position is from 1 to 65536");
    const int tokens = flags.output_tokens > 0
                           ? flags.output_tokens
                           : chosen_forecast(model, flags.length).conservative_tokens;
    const Estimate estimate = predict(model, request, tokens);
    const std::vector<Feature> offending = offending_features(model, request, tokens);
    if (estimate.coverage == Coverage::refused)
        throw InputError(coverage_line(estimate.coverage, offending));

    fmt::print("{}\n", request_line(request));
    fmt::print("{}; {}\n\n", coverage_line(estimate.coverage, offending), source_line(model));
    const std::vector<ModelAnswer> answers =
        answers_of(model, files, request, tokens, flags.positions);
    fmt::print("N = {} returned tokens, {} decode steps\n{}\n{}", tokens, tokens - 1,
               answer_table(answers, flags.positions).text(output_width()),
               bound_table(estimate).text(output_width()));
    Json json = answer_json(request, tokens, estimate, answers, flags.positions);
    json["features"] = names_json(offending);
    if (flags.output_tokens <= 0) print_unknown_length(model, request, flags.length, json);
    if (!flags.json.empty()) write_output_file(flags.json, json.dump(1) + "\n");
}

}  // namespace

void add_predict_command(CLI::App& app) {
    const auto flags = std::make_shared<PredictFlags>();
    CLI::App* command = app.add_subcommand(
        "predict", "Predict the latency of one request: prefill, steps, total, bounds");
    command
        ->add_option("--checkpoint_path", flags->checkpoint,
                     "Either file of the estimator, or their folder")
        ->capture_default_str();
    add_request_options(*command, flags->request);
    command->add_option("--positions", flags->positions, "Steps to show, from 1")
        ->delimiter(',')
        ->capture_default_str();
    command
        ->add_option("--output_tokens", flags->output_tokens,
                     "Output tokens N; 0: unknown, from the task")
        ->check(CLI::Range(0, 1 << 22));
    add_length_options(*command, flags->length);
    command->add_option("--json,--output_file", flags->json,
                        "Write the answer to this file as JSON");
    command->footer(
        "Examples:\n"
        "  decodemeter predict --checkpoint_path estimator --vision_tokens 1152 --text_tokens 60 "
        "--top_k 8 --blocks 16 "
        "--output_tokens 64\n"
        "  decodemeter predict --prompt 'Describe this image.' --decode expectation --json "
        "answer.json\n");
    command->callback([flags] { predict(*flags); });
}

}  // namespace decodemeter
