#include "estimator/evaluate/model_building.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>
#include <unordered_map>

#include "estimator/data/sha256.hpp"
#include "estimator/fit/calibration.hpp"
#include "estimator/fit/constant_table.hpp"
#include "estimator/fit/length_confounding.hpp"
#include "estimator/fit/output_lengths.hpp"
#include "profiler/record/build_info.hpp"

namespace decodemeter {

namespace {

constexpr int coverage_parts = 10;

Provenance provenance_of(const Dataset& dataset, std::span<const int> rows, std::uint64_t seed) {
    Provenance provenance;
    provenance.device = dataset.device;
    provenance.model = dataset.model;
    provenance.records_hash = dataset.records_hash;
    provenance.decodemeter = build_info().version + " " + build_info().git_revision;
    provenance.records = static_cast<std::int64_t>(rows.size());
    provenance.seed = seed;
    provenance.synthetic = dataset.synthetic;
    provenance.datasets = dataset.datasets;
    provenance.mixed = dataset.mixed;
    for (const Row& row : dataset.rows) provenance.training_records.push_back(record_hash(row));
    std::sort(provenance.training_records.begin(), provenance.training_records.end());
    return provenance;
}

}  // namespace

LatencyModel build_latency_model(const Dataset& dataset, std::span<const int> rows,
                                 const Predictions& out_of_fold, std::uint64_t seed) {
    LatencyModel model;
    model.physics = fit_physics_model(dataset, rows, seed);
    model.table = fit_cost_table(dataset, rows);
    model.length_confounding = find_length_confounding(dataset, rows);
    model.bounds =
        fit_bounds(ratio_samples(dataset, out_of_fold), model.length_confounding.has_value());
    model.ranges = feature_ranges(dataset, rows);
    model.tier_ranges = ranges_by_tier(dataset, rows);
    // Outliers are answers too: without them the longest answers of a slow device would be missing.
    std::vector<int> all_rows(dataset.rows.size());
    std::iota(all_rows.begin(), all_rows.end(), 0);
    model.lengths = learn_output_lengths(dataset, all_rows);
    model.provenance = provenance_of(dataset, rows, seed);
    return model;
}

std::string model_digest(std::string model_json, std::string_view checkpoint_sha256) {
    if (const std::size_t at = model_json.find(checkpoint_sha256); at != std::string::npos)
        model_json.erase(at, checkpoint_sha256.size());
    Sha256 hash;
    hash.add(model_json);
    return hash.hex();
}

CoverageReport coverage_of(const Dataset& dataset, const Predictions& out_of_fold,
                           std::uint64_t seed) {
    const int parts = std::min(coverage_parts, static_cast<int>(dataset.configs.size()));
    const bool confounded = find_length_confounding(dataset, training_rows(dataset)).has_value();
    return judge_bounds(dataset, ratio_samples(dataset, out_of_fold), parts, seed, confounded);
}

std::vector<int> unseen_rows(const Dataset& dataset, const LatencyModel& model) {
    const auto& known = model.provenance.training_records;
    std::vector<int> rows;
    for (std::size_t i = 0; i < dataset.rows.size(); ++i) {
        if (!std::binary_search(known.begin(), known.end(), record_hash(dataset.rows[i])))
            rows.push_back(static_cast<int>(i));
    }
    return rows;
}

namespace {

std::string first_line(const Dataset& dataset, Split split) {
    return std::string(to_string(split)) + " of records " + dataset.records_hash;
}

}  // namespace

// One line for each row of one model: model,key,prefill,decode,per_token,steps separated by spaces.
void write_out_of_fold(const std::filesystem::path& file, const Dataset& dataset, Split split,
                       const PredictionsByModel& models) {
    std::ofstream stream(file, std::ios::binary);
    stream << first_line(dataset, split)
           << "\nmodel,key,prefill_ms,decode_ms,per_token_ms,steps_ms\n";
    for (const auto& [kind, predictions] : models) {
        for (std::size_t i = 0; i < predictions.rows.size(); ++i) {
            stream << to_string(kind) << ','
                   << dataset.rows[static_cast<std::size_t>(predictions.rows[i])].key << ','
                   << predictions.prefill_ms[i] << ',' << predictions.decode_ms[i] << ','
                   << predictions.per_token_ms[i] << ',';
            for (const double step : predictions.steps(dataset, i)) stream << step << ' ';
            stream << '\n';
        }
    }
    if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

namespace {

// False where the line is not one of this data set's.
bool append_line(const std::string& line, const Dataset& dataset,
                 const std::unordered_map<std::string, int>& rows, PredictionsByModel& models) {
    std::istringstream fields(line);
    std::string name;
    std::string key;
    std::string prefill;
    std::string decode;
    std::string per_token;
    std::string step;
    const auto next = [&](std::string& field) {
        return static_cast<bool>(std::getline(fields, field, ','));
    };
    if (!next(name) || !next(key) || !next(prefill) || !next(decode) || !next(per_token))
        return false;
    const auto row = rows.find(key);
    const auto kind = parse_model_kind(name);
    if (row == rows.end() || !kind) return false;
    const auto number = [](const std::string& text) { return std::strtod(text.c_str(), nullptr); };
    Predictions& predictions = models[*kind];
    predictions.rows.push_back(row->second);
    predictions.prefill_ms.push_back(number(prefill));
    predictions.decode_ms.push_back(number(decode));
    predictions.per_token_ms.push_back(number(per_token));
    predictions.first_step.push_back(predictions.steps_ms.size());
    const std::size_t steps =
        static_cast<std::size_t>(dataset.rows[static_cast<std::size_t>(row->second)].steps());
    const std::size_t before = predictions.steps_ms.size();
    while (fields >> step) predictions.steps_ms.push_back(number(step));
    return predictions.steps_ms.size() - before == steps;
}

}  // namespace

PredictionsByModel read_out_of_fold(const std::filesystem::path& file, const Dataset& dataset,
                                    Split split) {
    std::ifstream stream(file, std::ios::binary);
    std::string line;
    if (!std::getline(stream, line) || line != first_line(dataset, split)) return {};
    std::unordered_map<std::string, int> rows;
    for (std::size_t i = 0; i < dataset.rows.size(); ++i)
        rows.emplace(dataset.rows[i].key, static_cast<int>(i));
    std::getline(stream, line);
    PredictionsByModel models;
    while (std::getline(stream, line)) {
        if (!append_line(line, dataset, rows, models)) return {};
    }
    return models;
}

}  // namespace decodemeter
