#include "estimator/data/published_export.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "estimator/data/dataset.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

std::string tier_name(const std::optional<Tier>& tier) {
    return tier ? std::string(to_string(*tier)) : "none";
}

std::string dashed(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

Json positions_json(const SampleRecord& record) {
    Json positions = Json::array();
    for (const double step : record.T_decode_per_step) positions.push_back(Json::array({step}));
    return positions;
}

Json sample_json(const SampleRecord& record, PerTokenFigure figure) {
    Json json = {{"sample_id", record.sample_id},
                 {"tier", tier_name(record.config.tier)},
                 {"top_k", record.config.top_k},
                 {"num_active_blocks", record.config.active_blocks},
                 {"output_tokens", record.output_tokens},
                 {"content_tokens", record.content_tokens},
                 {"ends_with_eos", record.ends_with_eos},
                 {"actual_image_size", record.image_size},
                 {"actual_num_crops", record.num_crops},
                 {"actual_tiling", record.tiling},
                 {"target_vision_tokens", record.vision_tokens},
                 {"actual_vision_tokens", record.vision_tokens},
                 {"actual_text_tokens", record.text_tokens},
                 {"total_sequence_length", record.prompt_tokens},
                 {"T_vision_total", record.T_vision_total},
                 {"T_LLM_prefill", record.T_LLM_prefill},
                 {"T_LLM_decode", record.T_LLM_decode},
                 {"T_total", record.T_total},
                 {"T_decode_per_token", per_token_ms(record, figure)},
                 {"T_decode_per_step", positions_json(record)},
                 {"metadata", {{"key", record.key}, {"repeat", record.repeat}}}};
    if (record.accuracy) json["accuracy"] = *record.accuracy;
    if (record.pred) json["pred"] = *record.pred;
    if (record.synthetic) json["synthetic"] = true;
    return json;
}

Json statistics_json(std::span<const SampleRecord* const> records) {
    const std::pair<const char*, double SampleRecord::*> fields[] = {
        {"T_vision_total", &SampleRecord::T_vision_total},
        {"T_LLM_prefill", &SampleRecord::T_LLM_prefill},
        {"T_LLM_decode", &SampleRecord::T_LLM_decode},
        {"T_total", &SampleRecord::T_total}};
    Json json;
    for (const auto& [name, field] : fields) {
        std::vector<double> values;
        for (const SampleRecord* record : records) values.push_back(record->*field);
        std::sort(values.begin(), values.end());
        json[name] = {{"mean", mean(values)},
                      {"std", standard_deviation(values)},
                      {"min", values.front()},
                      {"p50", quantile_of_sorted(values, 0.5)},
                      {"p95", quantile_of_sorted(values, 0.95)},
                      {"p99", quantile_of_sorted(values, 0.99)},
                      {"max", values.back()}};
    }
    return json;
}

std::string document_of(std::span<const SampleRecord* const> records, PerTokenFigure figure) {
    const SampleRecord& first = *records.front();
    Json json = {{"tier", tier_name(first.config.tier)},
                 {"top_k", first.config.top_k},
                 {"num_active_blocks", first.config.active_blocks},
                 {"active_block_indices", first.active_block_indices},
                 {"num_samples", records.size()},
                 {"latency_stats", statistics_json(records)},
                 {"per_sample_results", Json::array()}};
    for (const SampleRecord* record : records)
        json["per_sample_results"].push_back(sample_json(*record, figure));
    return json.dump(1) + "\n";
}

// The published names say how many tiles the tier allowed: here the most that an image of the
// document took.
std::string path_of(std::span<const SampleRecord* const> records) {
    const SampleRecord& first = *records.front();
    int tiles = 0;
    for (const SampleRecord* record : records) tiles = std::max(tiles, record->num_crops - 1);
    const std::string name = dashed(first.dataset);
    return name + '/' + name + "_imgsizetier-" + tier_name(first.config.tier) + "_crops" +
           std::to_string(tiles) + "_topk" + std::to_string(first.config.top_k) + "_blocks" +
           std::to_string(first.config.active_blocks) + ".json";
}

constexpr std::array<std::string_view, 5> figure_names = {"N", "N+1", "N-1", "content_tokens",
                                                          "prefill_included"};

double divisor_of(const SampleRecord& record, PerTokenFigure figure) noexcept {
    switch (figure) {
        case PerTokenFigure::output_tokens_plus_1:
            return record.output_tokens + 1;
        case PerTokenFigure::decode_steps:
            return record.decode_steps();
        case PerTokenFigure::content_tokens:
            return record.content_tokens;
        default:
            return record.output_tokens;
    }
}

}  // namespace

std::string_view to_string(PerTokenFigure figure) noexcept {
    return figure_names[static_cast<std::size_t>(figure)];
}

std::optional<PerTokenFigure> parse_per_token_figure(std::string_view name) noexcept {
    for (std::size_t i = 0; i < figure_names.size(); ++i) {
        if (figure_names[i] == name) return static_cast<PerTokenFigure>(i);
    }
    return std::nullopt;
}

double per_token_ms(const SampleRecord& record, PerTokenFigure figure) noexcept {
    const double divisor = divisor_of(record, figure);
    const double prefill = figure == PerTokenFigure::prefill_included ? record.T_LLM_prefill : 0;
    return divisor > 0 ? (prefill + record.T_LLM_decode) / divisor : 0;
}

std::map<std::string, std::string> published_documents(std::span<const SampleRecord> records,
                                                       PerTokenFigure figure) {
    std::map<std::pair<std::string, ConfigKey>, std::vector<const SampleRecord*>> groups;
    for (const SampleRecord& record : records)
        groups[{record.dataset, record.config}].push_back(&record);
    std::map<std::string, std::string> documents;
    for (const auto& [key, group] : groups) documents[path_of(group)] = document_of(group, figure);
    return documents;
}

}  // namespace decodemeter
