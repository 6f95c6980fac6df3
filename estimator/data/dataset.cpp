#include "estimator/data/dataset.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <random>

#include "estimator/data/sha256.hpp"
#include "estimator/predictor/image_geometry.hpp"
#include "profiler/record/record_faults.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/invalid_argument.hpp"

namespace decodemeter {

namespace {

std::string shortest(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return {text, end};
}

std::string hash_of(const Dataset& dataset) {
    std::vector<const Row*> rows;
    for (const Row& row : dataset.rows) rows.push_back(&row);
    std::sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) { return a->key < b->key; });
    Sha256 hash;
    for (const Row* row : rows) {
        const Request& request = row->request;
        std::string line = row->key + ' ' + dataset.datasets[row->dataset];
        for (const int value :
             {request.vision_tokens, request.text_tokens, request.tier, request.top_k,
              request.active_blocks, request.num_crops, row->output_tokens}) {
            line += ' ' + std::to_string(value);
        }
        line += ' ' + shortest(row->prefill_ms) + ' ' + shortest(row->decode_ms);
        for (const double step : dataset.steps(*row)) line += ' ' + shortest(step);
        hash.add(line + '\n');
    }
    return hash.hex();
}

// Indices of the records to keep, in their order.
std::vector<std::size_t> chosen_records(std::size_t count, const DatasetOptions& options) {
    std::vector<std::size_t> chosen(count);
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    if (options.max_samples <= 0 || count <= static_cast<std::size_t>(options.max_samples))
        return chosen;
    std::mt19937_64 random(options.seed);
    std::shuffle(chosen.begin(), chosen.end(), random);
    chosen.resize(static_cast<std::size_t>(options.max_samples));
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

int dataset_index(Dataset& dataset, const std::string& name) {
    const auto found = std::find(dataset.datasets.begin(), dataset.datasets.end(), name);
    const int index = static_cast<int>(found - dataset.datasets.begin());
    if (found == dataset.datasets.end()) dataset.datasets.push_back(name);
    return index;
}

// Why the record cannot be a row; empty when it can.
std::string fault_of(const SampleRecord& record) {
    const auto bad = [](double time) { return !std::isfinite(time) || time < 0; };
    if (record.output_tokens < 1) return "output_tokens below 1";
    if (record.config.active_blocks < 1)
        return "num_active_blocks below 1 (for a watched program, tell `watch` its blocks, top_k "
               "and "
               "vision_tokens)";
    if (record.vision_tokens + record.text_tokens < 1) return "no prompt tokens";
    if (bad(record.T_vision_total) || bad(record.T_LLM_prefill) || bad(record.T_LLM_decode))
        return "a time that is negative or not finite";
    if (record.T_vision_total + record.T_LLM_prefill <= 0) return "no prefill time";
    if (has_zero_decode(record)) return "T_LLM_decode is 0, and there are steps";
    if (const Feature feature = meaningless_feature(request_of(record), record.output_tokens);
        feature != Feature::none)
        return std::string(to_string(feature)) + " out of range";
    for (std::string& fault : impossible_values(record)) {
        // Published documents hold steps in other numbers, which are not used; the total is.
        if (record.format == RecordFormat::native || fault != wrong_step_count)
            return std::move(fault);
    }
    return {};
}

// Steps that can be used: as many as N-1, each positive.
bool has_usable_steps(const SampleRecord& record) {
    const auto& steps = record.T_decode_per_step;
    return !steps.empty() && static_cast<int>(steps.size()) == record.decode_steps() &&
           std::all_of(steps.begin(), steps.end(),
                       [](double step) { return std::isfinite(step) && step > 0; });
}

void add_row(Dataset& dataset, const SampleRecord& record, const DatasetOptions& options) {
    Row row;
    row.key = record.key;
    row.dataset = dataset_index(dataset, record.dataset);
    row.request = request_of(record);
    row.output_tokens = record.output_tokens;
    row.prefill_ms = record.T_vision_total + record.T_LLM_prefill;
    row.decode_ms = record.T_LLM_decode;
    row.outlier = decode_per_token_ms(record) > options.outlier_ms_per_token;
    row.first_step = dataset.steps_ms.size();
    row.has_steps = has_usable_steps(record);
    if (row.has_steps) {
        dataset.steps_ms.insert(dataset.steps_ms.end(), record.T_decode_per_step.begin(),
                                record.T_decode_per_step.end());
    }
    if (record.prompt) row.prompt_task = task_of_prompt(*record.prompt);
    dataset.outliers += row.outlier;
    dataset.rows.push_back(std::move(row));
}

ConfigKey config_of(const Request& request) {
    return {static_cast<Tier>(request.tier), request.top_k, request.active_blocks};
}

void index_configs(Dataset& dataset) {
    for (const Row& row : dataset.rows) dataset.configs.push_back(config_of(row.request));
    std::sort(dataset.configs.begin(), dataset.configs.end());
    dataset.configs.erase(std::unique(dataset.configs.begin(), dataset.configs.end()),
                          dataset.configs.end());
    for (Row& row : dataset.rows) {
        const auto found = std::lower_bound(dataset.configs.begin(), dataset.configs.end(),
                                            config_of(row.request));
        row.config = static_cast<int>(found - dataset.configs.begin());
    }
}

void refuse_mixture(const RecordSet& set, const DatasetOptions& options) {
    const auto synthetic =
        std::count_if(set.records.begin(), set.records.end(),
                      [](const SampleRecord& record) { return record.synthetic; });
    const auto measured = static_cast<std::ptrdiff_t>(set.records.size()) - synthetic;
    if (synthetic == 0 || measured == 0 || options.allow_synthetic) return;
    throw InvalidArgument("allow_synthetic",
                          ": " + std::to_string(synthetic) + " simulated records lie beside " +
                              std::to_string(measured) +
                              " measured ones; leave them out, or allow to mix them");
}

void describe_source(Dataset& dataset, const RecordSet& set) {
    dataset.device = "unknown";
    if (!set.run) return;
    dataset.device =
        set.run->device.type + (set.run->device.name.empty() ? "" : " " + set.run->device.name);
    dataset.model = set.run->model.name;
    const auto stated = set.run->figures.find("noise_floor_percent");
    if (stated != set.run->figures.end() && set.run->synthetic) {
        dataset.noise_floor_percent = std::strtod(stated->second.c_str(), nullptr);
    }
}

void refuse_empty(const Dataset& dataset, const DatasetOptions& options) {
    if (dataset.rows.empty()) {
        std::string reasons;
        for (const auto& [reason, count] : dataset.skipped)
            reasons += "; " + std::to_string(count) + ": " + reason;
        throw InputError("none of " + std::to_string(dataset.read) + " records can be used" +
                         reasons);
    }
    if (static_cast<std::size_t>(dataset.outliers) == dataset.rows.size()) {
        throw InvalidArgument("outlier_threshold", ": all " + std::to_string(dataset.outliers) +
                                                       " records are above the threshold of " +
                                                       shortest(options.outlier_ms_per_token) +
                                                       " ms per token; raise it");
    }
}

}  // namespace

std::span<const double> Dataset::steps(const Row& row) const noexcept {
    if (!row.has_steps) return {};
    return std::span(steps_ms).subspan(row.first_step, static_cast<std::size_t>(row.steps()));
}

Request request_of(const SampleRecord& record) noexcept {
    Request request{record.vision_tokens, record.text_tokens,          0,
                    record.config.top_k,  record.config.active_blocks, record.num_crops};
    request.tier = record.config.tier ? static_cast<int>(*record.config.tier)
                                      : tier_of_crops(crops_of(request));
    return request;
}

Dataset make_dataset(const RecordSet& set, const DatasetOptions& options) {
    refuse_mixture(set, options);
    Dataset dataset;
    describe_source(dataset, set);
    dataset.read = static_cast<std::int64_t>(set.records.size());
    const auto chosen = chosen_records(set.records.size(), options);
    dataset.left_out = dataset.read - static_cast<std::int64_t>(chosen.size());
    for (const std::size_t index : chosen) {
        const SampleRecord& record = set.records[index];
        dataset.synthetic |= record.synthetic;
        if (const std::string fault = fault_of(record); !fault.empty()) ++dataset.skipped[fault];
        else add_row(dataset, record, options);
    }
    refuse_empty(dataset, options);
    index_configs(dataset);
    dataset.records_hash = hash_of(dataset);
    return dataset;
}

std::uint32_t record_hash(const Row& row) {
    return text_hash(row.key + ' ' + shortest(row.prefill_ms) + ' ' + shortest(row.decode_ms));
}

std::vector<int> training_rows(const Dataset& dataset) {
    std::vector<int> rows;
    for (int i = 0; i < static_cast<int>(dataset.rows.size()); ++i) {
        if (!dataset.rows[i].outlier) rows.push_back(i);
    }
    return rows;
}

FeatureRanges feature_ranges(const Dataset& dataset, std::span<const int> rows) {
    FeatureRanges ranges;
    ranges.fill({HUGE_VAL, -HUGE_VAL});
    for (const int index : rows) {
        const Row& row = dataset.rows[index];
        const Features features = features_of(row.request);
        std::array<double, range_count> values;
        std::copy(features.begin(), features.end(), values.begin());
        values[feature_count] = crops_of(row.request);
        values[feature_count + 1] = row.output_tokens;
        for (std::size_t i = 0; i < range_count; ++i) {
            ranges[i].low = std::min(ranges[i].low, values[i]);
            ranges[i].high = std::max(ranges[i].high, values[i]);
        }
    }
    // An answer of one token has no step; a shorter answer than any measured is inside what a sum
    // of steps covers.
    ranges.back().low = 1;
    return ranges;
}

std::array<std::optional<FeatureRanges>, 3> ranges_by_tier(const Dataset& dataset,
                                                           std::span<const int> rows) {
    std::array<std::vector<int>, 3> by_tier;
    for (const int row : rows) {
        const int tier = dataset.rows[static_cast<std::size_t>(row)].request.tier;
        by_tier[static_cast<std::size_t>(tier)].push_back(row);
    }
    std::array<std::optional<FeatureRanges>, 3> ranges;
    for (std::size_t tier = 0; tier < ranges.size(); ++tier)
        if (!by_tier[tier].empty()) ranges[tier] = feature_ranges(dataset, by_tier[tier]);
    return ranges;
}

Normalizer fit_normalizer(const Dataset& dataset, std::span<const int> rows) {
    Normalizer normalizer;
    Features squares{};
    normalizer.mean.fill(0);
    const double count = static_cast<double>(std::max<std::size_t>(rows.size(), 1));
    for (const int index : rows) {
        const Features features = features_of(dataset.rows[index].request);
        for (std::size_t i = 0; i < feature_count; ++i) normalizer.mean[i] += features[i] / count;
    }
    for (const int index : rows) {
        const Features features = features_of(dataset.rows[index].request);
        for (std::size_t i = 0; i < feature_count; ++i) {
            const double distance = features[i] - normalizer.mean[i];
            squares[i] += distance * distance / count;
        }
    }
    for (std::size_t i = 0; i < feature_count; ++i) {
        normalizer.deviation[i] = squares[i] > 1e-12 ? std::sqrt(squares[i]) : 1;
    }
    return normalizer;
}

}  // namespace decodemeter
