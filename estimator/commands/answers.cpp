#include "estimator/commands/answers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "estimator/predictor/image_geometry.hpp"
#include "profiler/record/config_key.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

void add_length_options(CLI::App& command, LengthFlags& flags) {
    command
        .add_option("--task", flags.task,
                    "Task of the request, for its output length (default: from --dataset or "
                    "--prompt, else the lengths of all records)")
        ->check(CLI::IsMember({"vqa", "captioning", "doc_qa", "text_vqa", "other"}));
    command.add_option("--dataset", flags.dataset,
                       "Data set of the request, whose name gives the task");
    command.add_option("--prompt", flags.prompt,
                       "Prompt of the request, whose keywords give the task");
    command
        .add_option(
            "--decode", flags.decode,
            "How to predict an unknown length: at the average position, at positions 1, 5, 10 and "
            "20, for the longest answer, the expectation over lengths, or the mean length")
        ->check(
            CLI::IsMember({"average", "positions", "maximum", "expectation", "expected_length"}))
        ->capture_default_str();
    command
        .add_option("--length_quantile", flags.quantile,
                    "Quantile of the output lengths that counts as the longest answer")
        ->check(CLI::IsMember({0.95, 0.99}))
        ->capture_default_str();
}

Task chosen_task(const LengthFlags& flags) {
    if (!flags.task.empty()) return parse_task(flags.task).value();
    if (!flags.dataset.empty()) return dataset_task(flags.dataset);
    return flags.prompt.empty() ? Task::other : task_of_prompt(flags.prompt);
}

namespace {

bool of_all_records(const LengthFlags& flags) {
    return flags.task.empty() && chosen_task(flags) == Task::other;
}

}  // namespace

LengthForecast chosen_forecast(const LatencyModel& model, const LengthFlags& flags) {
    const auto& seen = model.provenance.datasets;
    if (flags.task.empty() && !flags.dataset.empty() &&
        std::find(seen.begin(), seen.end(), canonical_dataset(flags.dataset)) == seen.end())
        spdlog::warn("--dataset {}: the estimator has no records of it; it has {}", flags.dataset,
                     fmt::join(seen, ", "));
    return of_all_records(flags) ? forecast_all_lengths(model, flags.quantile)
                                 : forecast_lengths(model, chosen_task(flags), flags.quantile);
}

std::string length_line(const LengthFlags& flags, const LengthForecast& forecast) {
    const std::string_view kind =
        of_all_records(flags) ? "all tasks together" : to_string(chosen_task(flags));
    const char* source = !forecast.learned      ? "the default of the task"
                         : forecast.few_records ? "few records: at least the default of the task"
                                                : "from the records";
    return fmt::format("{}: conservative {} tokens, mean {:.2f} ({})", kind,
                       forecast.conservative_tokens, forecast.mean_tokens, source);
}

std::string request_line(const Request& request) {
    return fmt::format("{} vision + {} text tokens, tier {}, top_k {}, {} active blocks, {} crops",
                       request.vision_tokens, request.text_tokens,
                       to_string(static_cast<Tier>(request.tier)), request.top_k,
                       request.active_blocks, crops_of(request));
}

std::string names_of(std::span<const Feature> features) {
    std::vector<std::string_view> names;
    for (const Feature feature : features) names.push_back(to_string(feature));
    return fmt::format("{}", fmt::join(names, ", "));
}

nlohmann::ordered_json names_json(std::span<const Feature> features) {
    auto names = nlohmann::ordered_json::array();
    for (const Feature feature : features) names.push_back(to_string(feature));
    return names;
}

std::string coverage_line(Coverage coverage, std::span<const Feature> offending) {
    switch (coverage) {
        case Coverage::ok:
            return "OK: a measured configuration";
        case Coverage::interpolated:
            if (!offending.empty())
                return fmt::format(
                    "INTERPOLATED: outside of what was measured at this tier, but inside of what "
                    "was at others: {}",
                    names_of(offending));
            return "INTERPOLATED: the configuration was not measured, but lies inside what was";
        case Coverage::extrapolated:
            return fmt::format("EXTRAPOLATED: outside of what was measured: {}",
                               names_of(offending));
        case Coverage::refused:
            break;
    }
    return fmt::format("invalid request: out of range: {}", names_of(offending));
}

std::string source_line(const LatencyModel& model) {
    const Provenance& from = model.provenance;
    return fmt::format("from {} {}records of {}, hash {}", from.records,
                       from.synthetic ? "simulated " : "", from.device,
                       from.records_hash.substr(0, 12));
}

nlohmann::ordered_json request_json_value(const Request& request) {
    return {{"vision_tokens", request.vision_tokens},
            {"text_tokens", request.text_tokens},
            {"tier", to_string(static_cast<Tier>(request.tier))},
            {"top_k", request.top_k},
            {"num_active_blocks", request.active_blocks},
            {"num_crops", crops_of(request)}};
}

}  // namespace decodemeter
