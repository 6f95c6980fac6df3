#include <nlohmann/json.hpp>

#include "profiler/record/format/record_json.hpp"

namespace decodemeter {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json clocks_json(const StepClocks& clocks) {
    return {{"host_ms", clocks.host_ms},
            {"span_ms", or_null(clocks.span_ms)},
            {"busy_ms", or_null(clocks.busy_ms)},
            {"headline", clocks.headline}};
}

Json subtraction_json(const SubtractionTimes& times) {
    return {{"T_vision_total", times.T_vision_total},
            {"T_LLM_prefill", times.T_LLM_prefill},
            {"T_total", times.T_total},
            {"T_LLM_decode_signed", times.T_LLM_decode_signed},
            {"T_LLM_decode", times.T_LLM_decode}};
}

Json gpu_json(const GpuState& gpu) {
    return {{"sm_mhz_min", or_null(gpu.sm_mhz_min)},
            {"throttle", gpu.throttle},
            {"temperature_c", or_null(gpu.temperature_c)},
            {"power_w", or_null(gpu.power_w)},
            {"energy_mj", or_null(gpu.energy_mj)}};
}

Json cupti_json(const CuptiSummary& cupti) {
    return {{"span_ms", cupti.span_ms},
            {"idle_launch_ms", cupti.idle_launch_ms},
            {"idle_synchronise_ms", cupti.idle_synchronise_ms},
            {"idle_gap_ms", cupti.idle_gap_ms},
            {"overhead_ms", cupti.overhead_ms},
            {"kernels", cupti.kernels},
            {"api_calls", cupti.api_calls},
            {"synchronisations", cupti.synchronisations},
            {"memcpy_bytes", cupti.memcpy_bytes},
            {"event_span_ms", or_null(cupti.event_span_ms)},
            {"event_lag_ms", or_null(cupti.event_lag_ms)},
            {"events_matched", or_null(cupti.events_matched)},
            {"events_misplaced", cupti.events_misplaced},
            {"losses",
             {{"dropped", cupti.dropped},
              {"zero_timestamps", cupti.zero_timestamps},
              {"unmatched", cupti.unmatched},
              {"overlapping", cupti.overlapping},
              {"link_disagreements", cupti.link_disagreements}}}};
}

void add_identity(Json& json, const SampleRecord& record) {
    json["schema"] = record_schema_version;
    json["key"] = record.key;
    json["dataset"] = record.dataset;
    json["sample_id"] = record.sample_id;
    json["repeat"] = record.repeat;
    json["tier"] = record.config.tier ? Json(to_string(*record.config.tier)) : Json(nullptr);
    json["tier_idx"] =
        record.config.tier ? Json(static_cast<int>(*record.config.tier)) : Json(nullptr);
    json["top_k"] = record.config.top_k;
    json["num_active_blocks"] = record.config.active_blocks;
    json["active_block_indices"] = record.active_block_indices;
    json["max_crops"] = record.max_crops;
}

void add_counts(Json& json, const SampleRecord& record) {
    json["image_size"] = record.image_size;
    json["tiling"] = record.tiling;
    json["num_crops"] = record.num_crops;
    json["vision_tokens"] = record.vision_tokens;
    json["text_tokens"] = record.text_tokens;
    json["prompt_tokens"] = record.prompt_tokens;
    json["output_tokens"] = record.output_tokens;
    json["content_tokens"] = record.content_tokens;
    json["ends_with_eos"] = record.ends_with_eos;
    json["decode_steps"] = record.decode_steps();
    json["stop"] = record.stop;
}

void add_times(Json& json, const SampleRecord& record) {
    json["T_preprocess"] = record.T_preprocess;
    json["T_vision_encoder"] = record.T_vision_encoder;
    json["T_projector"] = record.T_projector;
    json["T_vision_total"] = record.T_vision_total;
    json["T_LLM_prefill"] = record.T_LLM_prefill;
    json["T_prefill_total"] = record.T_prefill_total;
    json["decode_start_ms"] = record.decode_start_ms;
    json["decode_end_ms"] = record.decode_end_ms;
    json["T_LLM_decode"] = record.T_LLM_decode;
    json["T_decode_per_step"] = record.T_decode_per_step;
    json["T_decode_per_token"] = decode_per_token_ms(record);
    json["T_decode_per_step_mean"] = or_null(decode_per_step_mean_ms(record));
    json["T_total"] = record.T_total;
    json["TTFT_ms"] = or_null(record.TTFT_ms);
    json["TPOT_ms"] = or_null(record.TPOT_ms);
    json["ITL_ms"] = or_null(record.ITL_ms);
}

void add_optional_parts(Json& json, const SampleRecord& record) {
    json["clocks"] = record.clocks ? clocks_json(*record.clocks) : Json(nullptr);
    json["subtraction"] =
        record.subtraction ? subtraction_json(*record.subtraction) : Json(nullptr);
    if (record.cupti) json["cupti"] = cupti_json(*record.cupti);
    if (record.cupti_refused) json["cupti"] = {{"none", *record.cupti_refused}};
    json["gpu"] = record.gpu ? gpu_json(*record.gpu) : Json(nullptr);
    json["flags"] = record.flags;
    json["time"] = record.time;
    if (record.synthetic) json["synthetic"] = true;
    if (record.trace) json["trace"] = *record.trace;
    if (record.pred) json["pred"] = *record.pred;
    if (!record.answers.empty()) json["answers"] = record.answers;
    if (record.accuracy) json["accuracy"] = *record.accuracy;
    if (record.request_digest) json["request_digest"] = *record.request_digest;
    if (record.manifest_id) json["manifest_id"] = *record.manifest_id;
    if (record.prompt) json["metadata"]["prompt"] = *record.prompt;
    if (record.image) json["metadata"]["image"] = *record.image;
}

}  // namespace

std::string to_json_line(const SampleRecord& record) {
    Json json;
    add_identity(json, record);
    add_counts(json, record);
    add_times(json, record);
    add_optional_parts(json, record);
    // A prompt or an answer from elsewhere may hold broken UTF-8; the record must not be lost for
    // it.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace decodemeter
