// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "estimator/data/dataset.hpp"
#include "estimator/networks/positioned_estimator.hpp"
#include "estimator/predictor/latency_model.hpp"

namespace decodemeter {

// Where records come from and which are used.
struct RecordOptions {
    std::vector<std::filesystem::path> paths;
    std::vector<std::string> datasets;
    bool use_all_datasets = false;
    bool allow_mixed = false;
    DatasetOptions dataset;
};
void add_record_options(CLI::App& command, RecordOptions& options);
// Reads, prints what was found and what was left out.
Dataset load_dataset(const RecordOptions& options);

// Throws InputError when all answers have one token: decoding was never measured.
void require_decode_steps(const Dataset& dataset);
void add_training_options(CLI::App& command, TrainingOptions& options);

// One request on the command line.
struct RequestOptions {
    Request request{1152, 60, 2, 8, 16, 0};
    std::optional<int> text_tokens;
    std::string tier;  // low, medium, high; empty: by the vision tokens
};
void add_request_options(CLI::App& command, RequestOptions& options);
// Text tokens that were not given are 60, or the nearest count that the records of `model` have.
Request chosen_request(const RequestOptions& options, const LatencyModel& model);

int tier_index(const std::string& name);
std::string milliseconds(double value);
// Throws InputError when `output` is one of the sources, holds one or lies in one.
void refuse_output_among(const std::filesystem::path& output,
                         std::span<const std::filesystem::path> sources);

}  // namespace decodemeter
