#include "profiler/record/sample_record.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace decodemeter {

namespace {

// "coco_2014_vqa/000017/high_8_16/"
std::string measurement_key(const std::string& dataset, std::int64_t sample_id,
                            const ConfigKey& config) {
    return fmt::format("{}/{:06}/{}/", dataset, sample_id, to_string(config));
}

}  // namespace

double decode_per_token_ms(const SampleRecord& record) {
    return record.output_tokens > 0 ? record.T_LLM_decode / record.output_tokens : 0.0;
}

std::optional<double> decode_per_step_mean_ms(const SampleRecord& record) {
    if (record.decode_steps() == 0) return std::nullopt;
    return record.T_LLM_decode / record.decode_steps();
}

bool is_tracing_pass(const SampleRecord& record) {
    return std::find(record.flags.begin(), record.flags.end(), tracing_pass_flag) !=
           record.flags.end();
}

std::string record_key(const std::string& dataset, std::int64_t sample_id, const ConfigKey& config,
                       int repeat) {
    return measurement_key(dataset, sample_id, config) + std::to_string(repeat);
}

std::string tracing_pass_key(const std::string& dataset, std::int64_t sample_id,
                             const ConfigKey& config) {
    return measurement_key(dataset, sample_id, config) + "trace";
}

bool has_own_key(const SampleRecord& record) {
    if (record.dataset.empty()) return true;
    const std::string own = measurement_key(record.dataset, record.sample_id, record.config);
    if (!record.key.starts_with(own)) return false;
    return is_tracing_pass(record) ||
           std::string_view(record.key).substr(own.size()) == std::to_string(record.repeat);
}

}  // namespace decodemeter
