#include "estimator/commands/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "estimator/data/record_sources.hpp"
#include "estimator/predictor/image_geometry.hpp"
#include "profiler/commands/checks/option_checks.hpp"
#include "profiler/record/format/line_reading.hpp"
#include "profiler/report/log_output.hpp"
#include "profiler/report/table.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

void add_record_options(CLI::App& command, RecordOptions& options) {
    command
        .add_option(
            "--results_dir,--records", options.paths,
            "Results directories (one folder of records for each data set), or files of records")
        ->required();
    command
        .add_option("--datasets,--dataset_names", options.datasets,
                    "Only these data sets (- and _ are equivalent)")
        ->delimiter(',');
    command.add_flag("--use_all_datasets", options.use_all_datasets, "Use all data sets (default)");
    command
        .add_option("--max_samples", options.dataset.max_samples,
                    "Maximum number of records, drawn at random; 0: all")
        ->check(whole_number(0, std::numeric_limits<std::int64_t>::max()));
    command.add_option("--seed", options.dataset.seed, "Random seed")
        ->check(seed_number())
        ->capture_default_str();
    command
        .add_option(
            "--outlier_threshold", options.dataset.outlier_ms_per_token,
            "Records above this many ms per token are left out of the training and scored apart")
        ->capture_default_str();
    command.add_flag("--allow_synthetic", options.dataset.allow_synthetic,
                     "Mix simulated records with measured ones");
    command.add_flag("--allow_mixed", options.allow_mixed,
                     "Accept records of different devices, models, dtypes, execution modes or "
                     "formats; the estimator notes the differences");
}

namespace {

// The wanted data sets that `path` holds. One that none of the paths holds is left in, and refused
// when it is read; so are all where `path` holds none of them.
ReadOptions wanted_there(const fs::path& path, const ReadOptions& wanted,
                         std::span<const fs::path> paths) {
    const auto holds = [](const fs::path& there, const std::string& name) {
        const auto names = dataset_names(there);
        return std::find(names.begin(), names.end(), canonical_dataset(name)) != names.end();
    };
    ReadOptions here;
    for (const std::string& name : wanted.datasets) {
        const bool elsewhere = std::any_of(
            paths.begin(), paths.end(), [&](const fs::path& other) { return holds(other, name); });
        if (holds(path, name) || !elsewhere) here.datasets.push_back(name);
    }
    return here.datasets.empty() ? wanted : here;
}

// Reads all directories; where they differ, refuses or, when asked to mix, says in what.
RecordSet read_all(const RecordOptions& options, std::vector<std::string>& mixed) {
    refuse_repeated_paths(options.paths);
    const ReadOptions wanted{options.use_all_datasets ? std::vector<std::string>()
                                                      : options.datasets};
    std::vector<RecordSet> sets;
    std::vector<RecordSource> sources;
    for (const fs::path& path : options.paths) {
        sets.push_back(read_results(path, wanted_there(path, wanted, options.paths)));
        sources.push_back(describe_source(path, sets.back()));
    }
    mixed = source_differences(sources);
    if (!mixed.empty() && !options.allow_mixed)
        throw InputError(fmt::format(
            "the records differ in {}; train one estimator for each, or pass --allow_mixed to use "
            "them together",
            fmt::join(mixed, "; ")));
    for (const std::string& difference : mixed) spdlog::warn("mixed records: {}", difference);
    return joined(std::move(sets));
}

void print_dataset(const Dataset& dataset, const DatasetOptions& options) {
    std::map<std::string, std::int64_t> counts;
    for (const Row& row : dataset.rows)
        ++counts[dataset.datasets[static_cast<std::size_t>(row.dataset)]];
    Table table({"data set", "records"});
    for (const auto& [name, count] : counts) table.add_row({name, std::to_string(count)});
    fmt::print("{}", table.text(output_width()));
    fmt::print(
        "  {} records of {} configurations{}; {} outliers above {} ms per token are left "
        "out of the training\n",
        dataset.rows.size(), dataset.configs.size(), dataset.synthetic ? ", simulated" : "",
        dataset.outliers, options.outlier_ms_per_token);
    if (dataset.left_out > 0) fmt::print("  {} more left out by --max_samples\n", dataset.left_out);
}

void log_skipped(const ReadReport& report, const Dataset& dataset) {
    for (const auto& [reason, count] : report.skipped)
        spdlog::warn("{} records skipped: {}", count, reason);
    for (const SkippedSample& sample : report.examples)
        spdlog::debug("{}:{}: {}", sample.file, sample.line, sample.reason);
    for (const auto& [reason, count] : dataset.skipped)
        spdlog::warn("{} records cannot be used: {}", count, reason);
    for (const std::string& note : report.notes) spdlog::info("{}", note);
}

}  // namespace

Dataset load_dataset(const RecordOptions& options) {
    if (!(options.dataset.outlier_ms_per_token > 0))
        throw InputError("--outlier_threshold: give a number of milliseconds above 0");
    std::vector<std::string> mixed;
    const RecordSet set = read_all(options, mixed);
    Dataset dataset = make_dataset(set, options.dataset);
    dataset.mixed = std::move(mixed);
    print_dataset(dataset, options.dataset);
    log_skipped(set.report, dataset);
    return dataset;
}

void require_decode_steps(const Dataset& dataset) {
    const bool any = std::any_of(dataset.rows.begin(), dataset.rows.end(),
                                 [](const Row& row) { return !row.outlier && row.steps() > 0; });
    if (any) return;
    throw InputError(
        fmt::format("none of {} records has a decode step: all answers have one token, so that "
                    "decoding was never measured; record longer answers (--max_new_tokens)",
                    dataset.rows.size()));
}

void add_training_options(CLI::App& command, TrainingOptions& options) {
    command.add_option("--batch_size", options.batch_size, "Records per optimizer step")
        ->check(positive_int())
        ->capture_default_str();
    command.add_option("--num_epochs", options.num_epochs, "Number of epochs")
        ->check(positive_int())
        ->capture_default_str();
    command.add_option("--lr", options.learning_rate, "Initial learning rate")
        ->capture_default_str();
    command.add_option("--hidden", options.hidden, "Width of the positioned network")
        ->capture_default_str();
    command.add_option("--device", options.device, "Device for training the networks")
        ->check(CLI::IsMember({"cpu", "cuda"}))
        ->capture_default_str();
}

namespace {

// The request's text tokens, brought into the range of the records.
int measured_text_tokens(const LatencyModel& model, const Request& request) {
    const FeatureRange& range = model.ranges[static_cast<std::size_t>(Feature::text_tokens) - 1];
    if (!(range.low <= range.high)) return request.text_tokens;
    return static_cast<int>(std::clamp<double>(request.text_tokens, range.low, range.high));
}

}  // namespace

int tier_index(const std::string& name) {
    const auto tier = parse_tier(name);
    if (!tier) throw InputError("--tier " + name + ": is none of low, medium, high");
    return static_cast<int>(*tier);
}

void add_request_options(CLI::App& command, RequestOptions& options) {
    Request& request = options.request;
    command.add_option("--vision_tokens", request.vision_tokens, "Vision tokens of the prompt")
        ->capture_default_str();
    command.add_option(
        "--text_tokens", options.text_tokens,
        "Text tokens of the prompt (default: 60, or the nearest number in the records)");
    command.add_option("--tier", options.tier,
                       "low, medium or high (default: from the vision tokens)");
    command.add_option("--top_k", request.top_k, "Experts per token; 0 in a dense model")
        ->capture_default_str();
    command
        .add_option("--num_active_blocks,--blocks", request.active_blocks,
                    "Number of decoder blocks that run")
        ->capture_default_str();
    command.add_option("--num_crops", request.num_crops,
                       "Crops of the image; 0: from the vision tokens");
}

Request chosen_request(const RequestOptions& options, const LatencyModel& model) {
    Request request = options.request;
    request.text_tokens = options.text_tokens.value_or(measured_text_tokens(model, request));
    request.tier =
        options.tier.empty() ? tier_of_crops(crops_of(request)) : tier_index(options.tier);
    return request;
}

std::string milliseconds(double value) {
    if (!std::isfinite(value)) return "–";
    return fmt::format("{:.{}f}", value, std::abs(value) < 10 ? 3 : std::abs(value) < 1000 ? 2 : 0);
}

void refuse_output_among(const fs::path& output, std::span<const fs::path> sources) {
    for (const fs::path& source : sources) {
        if (lies_in(output, source) || lies_in(source, output))
            throw InputError("--output_dir " + output.string() + ": shares a folder with " +
                             source.string() + ", which is read; choose a directory outside of it");
    }
}

}  // namespace decodemeter
