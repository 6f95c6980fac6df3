#include "profiler/record/store/stored_records.hpp"

#include <simdjson.h>

#include <algorithm>

#include "profiler/record/store/record_store.hpp"
#include "profiler/system/file.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

using Element = simdjson::dom::element;

double number_or(const Element& json, std::string_view field, double otherwise) {
    double number = 0;
    return json[field].get_double().get(number) == simdjson::SUCCESS ? number : otherwise;
}

std::int64_t integer_or(const Element& json, std::string_view field, std::int64_t otherwise) {
    std::int64_t number = 0;
    return json[field].get_int64().get(number) == simdjson::SUCCESS ? number : otherwise;
}

std::string text_or_empty(const Element& json, std::string_view field) {
    std::string_view text;
    return json[field].get_string().get(text) == simdjson::SUCCESS ? std::string(text)
                                                                   : std::string();
}

bool flagged(const Element& json, std::string_view flag) {
    simdjson::dom::array flags;
    if (json["flags"].get_array().get(flags) != simdjson::SUCCESS) return false;
    return std::any_of(flags.begin(), flags.end(), [&](const Element& entry) {
        std::string_view text;
        return entry.get_string().get(text) == simdjson::SUCCESS && text == flag;
    });
}

// Vision alone, vision and prefill, everything.
double subtraction_ms(double vision, double prefill, double total) {
    return 2 * vision + prefill + total;
}

StoredRecord record_of(const Element& json) {
    StoredRecord record;
    record.tracing_pass = flagged(json, tracing_pass_flag);
    record.text = json["pred"].is_string();
    double measured_ms = number_or(json, "T_preprocess", 0) + number_or(json, "T_total", 0);
    Element subtraction;
    if (json["subtraction"].get(subtraction) == simdjson::SUCCESS && subtraction.is_object()) {
        record.subtraction = true;
        measured_ms += subtraction_ms(number_or(subtraction, "T_vision_total", 0),
                                      number_or(subtraction, "T_LLM_prefill", 0),
                                      number_or(subtraction, "T_total", 0));
    }
    record.seconds = measured_ms / 1000;
    const double steps = number_or(json, "output_tokens", 0) - 1;
    if (steps > 0) record.step_mean_ms = number_or(json, "T_LLM_decode", 0) / steps;
    return record;
}

StoredRecord record_of(const SampleRecord& record) {
    double measured_ms = record.T_preprocess + record.T_total;
    if (const auto& times = record.subtraction) {
        measured_ms += subtraction_ms(times->T_vision_total, times->T_LLM_prefill, times->T_total);
    }
    return {is_tracing_pass(record), record.subtraction.has_value(), record.pred.has_value(),
            measured_ms / 1000, decode_per_step_mean_ms(record)};
}

// The fields that the key is made of.
SampleRecord identity_of(const Element& json) {
    SampleRecord record;
    record.key = text_or_empty(json, "key");
    record.dataset = text_or_empty(json, "dataset");
    record.sample_id = integer_or(json, "sample_id", -1);
    record.repeat = static_cast<int>(integer_or(json, "repeat", 0));
    record.config.tier = parse_tier(text_or_empty(json, "tier"));
    record.config.top_k = static_cast<int>(integer_or(json, "top_k", 0));
    record.config.active_blocks = static_cast<int>(integer_or(json, "num_active_blocks", 0));
    if (flagged(json, tracing_pass_flag)) record.flags = {tracing_pass_flag};
    return record;
}

StoredRequest request_of(const Element& json) {
    StoredRequest request;
    request.digest = text_or_empty(json, "request_digest");
    Element metadata;
    if (json["metadata"].get(metadata) != simdjson::SUCCESS || !metadata.is_object())
        return request;
    request.image = text_or_empty(metadata, "image");
    std::string_view prompt;
    if (metadata["prompt"].get_string().get(prompt) == simdjson::SUCCESS) request.prompt = prompt;
    return request;
}

void add_whole_lines(const fs::path& path, StoredRecords& stored) {
    const std::string text = read_input_file(path);
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        stored.add_line(std::string_view(text).substr(begin, end - begin));
    }
}

}  // namespace

struct StoredRecords::Parser {
    simdjson::dom::parser json;
};

StoredRecords::StoredRecords() : parser_(std::make_unique<Parser>()) {}
StoredRecords::~StoredRecords() = default;
StoredRecords::StoredRecords(StoredRecords&&) noexcept = default;
StoredRecords& StoredRecords::operator=(StoredRecords&&) noexcept = default;

bool StoredRecords::add_line(std::string_view line) {
    Element json;
    if (parser_->json.parse(line.data(), line.size(), true).get(json) != simdjson::SUCCESS)
        return false;
    if (!json["key"].is_string()) return false;
    const SampleRecord identity = identity_of(json);
    if (!has_own_key(identity)) {
        ++wrong_keys_;
        return false;
    }
    add(identity.key, record_of(json), identity.dataset, identity.sample_id, request_of(json));
    return true;
}

void StoredRecords::add(const SampleRecord& record) {
    add(record.key, record_of(record), record.dataset, record.sample_id,
        {record.request_digest.value_or(""), record.prompt, record.image.value_or("")});
}

void StoredRecords::add(const std::string& key, const StoredRecord& record,
                        const std::string& dataset, std::int64_t sample_id, StoredRequest request) {
    if (!records_.emplace(key, record).second) return;
    if (record.tracing_pass) traced_.insert(key.substr(0, key.rfind('/') + 1) + "trace");
    if (request.digest.empty()) ++without_digest_;
    std::vector<StoredRequest>& known = requests_[dataset][sample_id];
    if (std::find(known.begin(), known.end(), request) == known.end())
        known.push_back(std::move(request));
}

const StoredRecord* StoredRecords::find(const std::string& key) const {
    const auto found = records_.find(key);
    return found == records_.end() ? nullptr : &found->second;
}

bool StoredRecords::has_tracing_pass(const std::string& dataset, std::int64_t sample_id,
                                     const ConfigKey& config) const {
    return traced_.contains(tracing_pass_key(dataset, sample_id, config));
}

const StoredRecords::Requests& StoredRecords::requests(const std::string& dataset) const {
    static const Requests none;
    const auto found = requests_.find(dataset);
    return found == requests_.end() ? none : found->second;
}

StoredRecords read_stored_records(const fs::path& results_dir, const Shard& shard) {
    StoredRecords stored;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(results_dir, error)) {
        if (!entry.is_directory()) continue;
        for (int i = 0; i < shard.count; ++i) {
            const fs::path path = entry.path() / records_file_name({i, shard.count});
            if (fs::is_regular_file(path)) add_whole_lines(path, stored);
        }
    }
    return stored;
}

}  // namespace decodemeter
