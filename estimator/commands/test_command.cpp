#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "estimator/commands/command_list.hpp"
#include "estimator/commands/options.hpp"
#include "estimator/experiment/estimator_files.hpp"
#include "profiler/record/config_key.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/progress.hpp"
#include "profiler/report/table.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file_replacement.hpp"
#include "profiler/system/program.hpp"
#include "profiler/system/scratch_folder.hpp"

namespace decodemeter {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct TestFlags {
    fs::path estimator = "estimator";
    std::string model;
    std::string device = "cpu";
    bool announced = false;
    int output_tokens = 64;
    std::vector<int> positions = {1, 5, 10, 20, 40, 63};
    fs::path json;
};

// The configurations that the published program tests.
const std::vector<ConfigKey>& tested() {
    static const std::vector<ConfigKey> configurations = {
        {Tier::low, 4, 8}, {Tier::medium, 8, 12}, {Tier::high, 12, 16}};
    return configurations;
}

// With the image that the tier usually had in the records.
Request typical_request(const LatencyModel& model, const ConfigKey& key) {
    Request request{0, 60, static_cast<int>(*key.tier), key.top_k, key.active_blocks, 0};
    if (const ConfigurationCost* cost = model.table.nearest(request))
        request.vision_tokens = cost->vision_tokens;
    return request;
}

// What the estimator says: the positioned network where there is one, else physics.
struct Curve {
    double prefill_ms = 0;
    double decode_ms = 0;
    std::vector<double> steps_ms;
};

class Estimator {
public:
    explicit Estimator(const fs::path& path)
        : files_(find_estimator(path)), model_(read_latency_model(files_.json)) {
        network_ = load_network(files_, model_);
    }

    const LatencyModel& model() const noexcept { return model_; }
    ModelKind kind() const noexcept { return network_ ? network_->kind() : ModelKind::physics; }

    Curve curve(const Request& request, int tokens, std::span<const int> positions) const {
        if (network_) {
            return {network_->predict_prefill(request), network_->predict_decode(request, tokens),
                    network_->predict_decode_at_positions(request, positions)};
        }
        Curve curve{
            model_prefill_ms(model_, request), model_decode_ms(model_, request, tokens), {}};
        for (const int position : positions)
            curve.steps_ms.push_back(model_step_ms(model_, request, position));
        return curve;
    }

private:
    EstimatorFiles files_;
    LatencyModel model_;
    std::optional<PositionedEstimator> network_;
};

void print_curve(const ConfigKey& key, const Curve& curve, const TestFlags& flags, Json& json) {
    fmt::print("\n{}\n", to_string(key));
    fmt::print("  T_prefill_total        {} ms\n", milliseconds(curve.prefill_ms));
    for (std::size_t i = 0; i < flags.positions.size(); ++i)
        fmt::print("  T_decode at {:<10} {} ms\n", flags.positions[i],
                   milliseconds(curve.steps_ms[i]));
    fmt::print("  T_decode_total         {} ms (N = {}, {} steps)\n", milliseconds(curve.decode_ms),
               flags.output_tokens, flags.output_tokens - 1);
    fmt::print("  T_decode_per_token_avg {} ms (T/N)\n",
               milliseconds(curve.decode_ms / flags.output_tokens));
    fmt::print("  T_total                {} ms\n",
               milliseconds(curve.prefill_ms + curve.decode_ms));
    json["predicted"].push_back({{"configuration", to_string(key)},
                                 {"T_prefill_total", curve.prefill_ms},
                                 {"positions", flags.positions},
                                 {"T_decode_at_positions", curve.steps_ms},
                                 {"T_decode_total", curve.decode_ms},
                                 {"T_decode_per_token_avg", curve.decode_ms / flags.output_tokens},
                                 {"T_total", curve.prefill_ms + curve.decode_ms}});
}

// Records are the only way from the model to the estimator, here too: `profile` writes them.
std::vector<SampleRecord> measure(const ConfigKey& key, const TestFlags& flags) {
    const ScratchFolder scratch;
    const int code = run_program(
        own_program(),
        {"profile", "--model", flags.model, "--device", flags.device, "--samples", "photos",
         "--num_samples", "3", "--tier", std::string(to_string(*key.tier)), "--top_k",
         std::to_string(key.top_k), "--blocks", std::to_string(key.active_blocks),
         "--output_lengths", fmt::format("fixed:{}", flags.output_tokens), "--results_dir",
         scratch.path().string()});
    if (code != 0)
        throw InputError(
            fmt::format("the model could not be measured (profile ended with {})", code));
    return read_results(scratch.path()).records;
}

void compare_with_model(const Estimator& estimator, const TestFlags& flags, Json& json) {
    Table table({"ms", "prefill predicted", "measured", "error %", "decode predicted", "measured",
                 "error %"});
    Progress progress("measuring", static_cast<std::int64_t>(tested().size()));
    std::int64_t done = 0;
    for (const ConfigKey& key : tested()) {
        for (const SampleRecord& record : measure(key, flags)) {
            const Curve curve =
                estimator.curve(request_of(record), record.output_tokens, flags.positions);
            const auto error = [](double predicted, double measured) {
                return fmt::format("{:+.1f}", 100 * (predicted / measured - 1));
            };
            table.add_row(
                {record.key, milliseconds(curve.prefill_ms), milliseconds(record.T_prefill_total),
                 error(curve.prefill_ms, record.T_prefill_total), milliseconds(curve.decode_ms),
                 milliseconds(record.T_LLM_decode), error(curve.decode_ms, record.T_LLM_decode)});
            json["measured"].push_back({{"key", record.key},
                                        {"T_prefill_total", record.T_prefill_total},
                                        {"predicted_T_prefill_total", curve.prefill_ms},
                                        {"T_LLM_decode", record.T_LLM_decode},
                                        {"predicted_T_decode_total", curve.decode_ms}});
        }
        progress.update(++done, to_string(key));
    }
    progress.finish();
    fmt::print("\n{} on {}, predicted beside measured\n{}", flags.model, flags.device,
               table.text(output_width()));
}

void test(const TestFlags& flags) {
    for (const int position : flags.positions)
        if (position < 1 || position > 1 << 16)
            throw InputError("--positions: a position is from 1 to 65536");
    const Estimator estimator(flags.estimator);
    fmt::print("{} model, from records of {}\n", to_string(estimator.kind()),
               estimator.model().provenance.device);
    Json json = {{"model", to_string(estimator.kind())},
                 {"output_tokens", flags.output_tokens},
                 {"predicted", Json::array()}};
    for (const ConfigKey& key : tested()) {
        const Request request = typical_request(estimator.model(), key);
        print_curve(key, estimator.curve(request, flags.output_tokens, flags.positions), flags,
                    json);
    }
    if (!flags.model.empty()) compare_with_model(estimator, flags, json);
    if (!flags.json.empty()) write_output_file(flags.json, json.dump(1) + "\n");
}

}  // namespace

void add_test_command(CLI::App& app) {
    const auto flags = std::make_shared<TestFlags>();
    CLI::App* command = app.add_subcommand("test",
                                           "Show the estimator's curves for three configurations, "
                                           "and the model's own times beside them");
    command
        ->add_option("--latency_estimator_path,--checkpoint_path", flags->estimator,
                     "Either file of the estimator, or their folder")
        ->capture_default_str();
    command->add_option("--model_path,--model", flags->model,
                        "Model to run beside the predictions: tiny-molmoe, or a checkpoint folder");
    command->add_flag("--test_latency_estimator", flags->announced,
                      "Accepted for compatibility; always on");
    command->add_option("--device", flags->device, "Device of the model")
        ->check(CLI::IsMember({"cpu", "cuda"}))
        ->capture_default_str();
    command->add_option("--output_tokens", flags->output_tokens, "Output tokens N")
        ->check(CLI::Range(2, 1 << 16))
        ->capture_default_str();
    command->add_option("--positions", flags->positions, "Steps to show, from 1")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--json,--output_file", flags->json,
                        "Write the result to this file as JSON");
    command->footer(
        "Examples:\n"
        "  decodemeter test --latency_estimator_path estimator/best_latency_estimator.pt\n"
        "  decodemeter test --latency_estimator_path estimator --model_path tiny-molmoe --device "
        "cpu\n");
    command->callback([flags] { test(*flags); });
}

}  // namespace decodemeter
