// Records as rows of numbers: what models are trained and tested on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "estimator/predictor/latency_model.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/record/task.hpp"

namespace decodemeter {

struct Row {
    std::string key;
    int dataset = 0;  // index into Dataset::datasets
    int config = 0;   // index into Dataset::configs
    Request request;
    int output_tokens = 0;  // N
    double prefill_ms = 0;
    double decode_ms = 0;        // all N-1 steps
    std::size_t first_step = 0;  // where its steps lie in Dataset::steps_ms
    bool has_steps = false;
    bool outlier = false;             // above the threshold: never trained on, always scored
    std::optional<Task> prompt_task;  // by the keywords of the prompt, where the record has it

    int steps() const noexcept { return output_tokens - 1; }
};

struct Dataset {
    std::vector<Row> rows;
    std::vector<double> steps_ms;  // of the rows that have steps, one after the other
    std::vector<std::string> datasets;
    std::vector<ConfigKey> configs;  // sorted; tier always set
    std::string device;
    std::string model;
    std::string records_hash;  // SHA-256 of the fields used, in the order of the keys
    bool synthetic = false;
    std::vector<std::string> mixed;  // what its sources differ in, where mixing was asked for
    std::optional<double> noise_floor_percent;  // where the records' source states it
    std::int64_t read = 0;
    std::int64_t outliers = 0;
    std::int64_t left_out = 0;                    // beyond max_samples
    std::map<std::string, std::int64_t> skipped;  // unusable, by reason

    std::span<const double> steps(const Row& row) const noexcept;
};

struct DatasetOptions {
    double outlier_ms_per_token = 60;  // T_LLM_decode / N above it marks an outlier
    std::int64_t max_samples = 0;      // 0: all; else a random part
    std::uint64_t seed = 3407;
    bool allow_synthetic = false;  // simulated records beside measured ones
};

// Throws InputError when simulated and measured records would be mixed unasked, when all rows are
// outliers, and when no row has a usable prefill time.
Dataset make_dataset(const RecordSet& set, const DatasetOptions& options = {});

// Features of one record. Without a tier it takes the one that holds num_crops.
Request request_of(const SampleRecord& record) noexcept;

// Of key and times: the same key measured again, or on another device, is another record.
std::uint32_t record_hash(const Row& row);

// Indices of the rows that models are trained on.
std::vector<int> training_rows(const Dataset& dataset);

FeatureRanges feature_ranges(const Dataset& dataset, std::span<const int> rows);
// None for a tier without rows.
std::array<std::optional<FeatureRanges>, 3> ranges_by_tier(const Dataset& dataset,
                                                           std::span<const int> rows);
Normalizer fit_normalizer(const Dataset& dataset, std::span<const int> rows);

}  // namespace decodemeter
