#include <map>
#include <nlohmann/json.hpp>

#include "profiler/record/format/record_json.hpp"

namespace decodemeter {

// Note [First token comes from prefill]
// A generate() that returns N tokens runs one prefill, which yields token 1, and N-1 decode steps:
// step s takes token s and yields token s+1. The pass that would consume the last token is never
// run. So T_decode_per_step has N-1 entries, and dividing the decode time by N makes a flat step
// look shorter the shorter the answer is: by half at N = 2.

namespace {

using Json = nlohmann::ordered_json;

const std::map<std::string_view, std::string_view>& definitions() {
    static const std::map<std::string_view, std::string_view> texts = {
        {"key",
         "dataset/sample_id/tier_topk_blocks/repeat, with \"trace\" in place of the repeat for a "
         "tracing pass; unique in a results directory"},
        {"sample_id",
         "index of the sample in its data set when it was first measured in this directory; "
         "another "
         "request that takes its place later gets the next free number"},
        {"request_digest",
         "hash of the picture file's bytes and the prompt (FNV-1a, 64 bits): equal where the "
         "request "
         "is the same"},
        {"manifest_id",
         "the sample's id in its source: \"id\" of a manifest's line, the owners' id in a data "
         "set"},
        {"repeat", "0-based repetition of this sample under this configuration"},
        {"tier", "image tier: low, medium or high; null is Molmo's own tiling"},
        {"tier_idx", "0 low, 1 medium, 2 high"},
        {"top_k", "experts per token; 0 in a dense model"},
        {"num_active_blocks",
         "decoder blocks that run; the others are identities and have no KV entries"},
        {"active_block_indices", "0-based indices of the blocks that run"},
        {"max_crops", "largest number of tiles that the tiling may choose"},
        {"image_size", "height and width of the decoded image in pixels; 0, 0 without an image"},
        {"tiling", "rows and columns of tiles; 0, 0 without an image"},
        {"num_crops", "tiles and the global crop: what the vision encoder runs on"},
        {"vision_tokens", "prompt positions that receive an image feature (image_input_idx >= 0)"},
        {"text_tokens",
         "prompt_tokens - vision_tokens; the image's start, end and column tokens count as text"},
        {"prompt_tokens", "all input positions of prefill"},
        {"output_tokens",
         "N: new token ids that generate() returns, the EOS included when it was sampled"},
        {"content_tokens", "output_tokens without the EOS"},
        {"ends_with_eos", "whether the last returned token is the EOS"},
        {"decode_steps", "N - 1: forward passes after prefill, which itself yields token 1"},
        {"stop",
         "why generate() stopped: eos, max_new_tokens or drawn_length; unknown in a watched "
         "program"},
        {"T_preprocess",
         "ms: decoded image and prompt text to crops and token ids; not part of T_total"},
        {"T_vision_encoder", "ms: crops to patch features"},
        {"T_projector", "ms: pooling and projection of the patch features"},
        {"T_vision_total", "ms: T_vision_encoder + T_projector"},
        {"T_LLM_prefill",
         "ms: token embedding to the first token's logits and argmax, final norm and LM head "
         "included"},
        {"T_prefill_total", "ms: T_vision_total + T_LLM_prefill"},
        {"decode_start_ms",
         "ms from the start of generate() (preprocessing excluded) to the start of decode step 1, "
         "at "
         "which token 1 is there"},
        {"decode_end_ms", "decode_start_ms + T_LLM_decode: the end of decode step N-1"},
        {"T_LLM_decode", "ms: sum of T_decode_per_step, left to right; 0 where N = 1"},
        {"T_decode_per_step",
         "ms of each of the N-1 decode steps on the headline clock: step s lasts from token s to "
         "token s+1, so the test for EOS after token s+1 lies inside step s+1"},
        {"T_decode_per_token",
         "T_LLM_decode / N, the published definition, kept for compatibility: one token too many"},
        {"T_decode_per_step_mean", "T_LLM_decode / (N - 1); null where N = 1"},
        {"T_total", "ms: all of generate(), preprocessing excluded"},
        {"TTFT_ms",
         "time to first token: ms from the start of generate() (preprocessing excluded) until the "
         "caller holds token 1; in a watched program that uses a device, until the device has made "
         "it; null where that is not known"},
        {"TPOT_ms", "time per output token after the first: mean of ITL_ms; null where N = 1"},
        {"ITL_ms",
         "inter-token latencies: ms from holding token s to holding token s+1, for s = 1 to N-1, "
         "the host's steps; in a watched program that uses a device, the span steps"},
        {"clocks",
         "the clocks of each decode step: host (wall time of the calling thread, from holding one "
         "token to holding the next), span (CUDA event to CUDA event on the compute stream, from "
         "the end of the pass that made one token to that of the next), busy (union of kernel, "
         "memcpy and memset intervals, from a CUPTI pass "
         "of its own)"},
        {"subtraction",
         "the same sample as people time it today: vision alone, vision + prefill, and the whole, "
         "in separate runs; "
         "T_LLM_prefill = (vision + prefill) - vision; T_LLM_decode_signed = T_total - "
         "T_vision_total - T_LLM_prefill; "
         "T_LLM_decode = max(0, signed)"},
        {"cupti",
         "per-step results of the CUPTI pass and what it lost; {none: reason} where it was "
         "refused. span_ms: the step "
         "on the pass's own clock, from the end of the device's work of one step to that of the "
         "next; its idle time is "
         "split into launch (the next kernel was not launched yet), synchronise (the same, the "
         "host blocked in a "
         "synchronising call) and gap (launched, not started yet), so that busy + idle = span; "
         "overhead_ms: what CUPTI "
         "says it took itself; api_calls: CUDA calls, without frequent queries such as "
         "cudaGetDevice; "
         "event_span_ms: the same pass's CUDA events by the device times that "
         "CUPTI has of them, "
         "event_lag_ms: from the end of the step's last activity to the event that ends it, "
         "events_matched: edges (one more than steps) before whose event work of the step ran on "
         "the event's stream, "
         "events_misplaced: events "
         "that the device reached before that end or after the next step's work had begun (null, "
         "null, null, 0 where CUPTI "
         "cannot tell); losses: records dropped, without timestamps, without their API call or too "
         "late, "
         "overlapping on one stream, and disagreements of the two links from kernel to step"},
        {"gpu",
         "lowest SM clock, throttle reasons, temperature, power and energy around the sample, from "
         "NVML"},
        {"flags",
         "what to know before trusting this record; slow_step:CAUSE where a decode step took more "
         "than 5 x the median of its request (requests of at least 8 steps), allocator_grew where "
         "LibTorch asked the driver for memory within generate(), other_stream where a watched "
         "program's work was on another stream than the one whose events were recorded"},
        {"time", "when the sample finished, ISO 8601, UTC"},
        {"synthetic", "true: simulated, not measured"},
        {"trace", "file with the sample's trace for Perfetto, relative to the results directory"},
        {"pred", "the answer's text"},
        {"answers", "reference answers copied from the data set"},
        {"accuracy", "copied from the input where given"},
        {"metadata", "prompt and image of the sample"},
    };
    return texts;
}

Json type(const char* name) { return {{"type", name}}; }
Json nullable(const char* name) { return {{"type", {name, "null"}}}; }
Json count() { return {{"type", "integer"}, {"minimum", 0}}; }
Json time_ms() { return {{"type", "number"}, {"minimum", 0}}; }
Json array_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
Json pair_of_counts() {
    return {{"type", "array"}, {"items", count()}, {"minItems", 2}, {"maxItems", 2}};
}

Json object(Json properties, bool may_be_null) {
    Json required = Json::array();
    for (const auto& [name, schema] : properties.items()) required.push_back(name);
    Json json = {{"type", may_be_null ? Json({"object", "null"}) : Json("object")}};
    json["properties"] = std::move(properties);
    json["required"] = std::move(required);
    return json;
}

Json required_properties() {
    const Json nullable_times = {{"type", {"array", "null"}}, {"items", time_ms()}};
    Json json;
    json["schema"] = {{"const", record_schema_version}};
    for (const char* field : {"key", "dataset", "stop", "time"}) json[field] = type("string");
    for (const char* field : {"sample_id", "repeat", "top_k", "num_active_blocks", "max_crops",
                              "num_crops", "vision_tokens", "text_tokens", "prompt_tokens",
                              "output_tokens", "content_tokens", "decode_steps"}) {
        json[field] = count();
    }
    json["tier"] = {{"enum", {"low", "medium", "high", nullptr}}};
    json["tier_idx"] = {{"enum", {0, 1, 2, nullptr}}};
    json["active_block_indices"] = array_of(count());
    json["image_size"] = pair_of_counts();
    json["tiling"] = pair_of_counts();
    json["ends_with_eos"] = type("boolean");
    for (const char* field : {"T_preprocess", "T_vision_encoder", "T_projector", "T_vision_total",
                              "T_LLM_prefill", "T_prefill_total", "decode_start_ms",
                              "decode_end_ms", "T_LLM_decode", "T_decode_per_token", "T_total"}) {
        json[field] = time_ms();
    }
    json["T_decode_per_step"] = array_of(time_ms());
    json["T_decode_per_step_mean"] = {{"type", {"number", "null"}}, {"minimum", 0}};
    json["clocks"] = object({{"host_ms", array_of(time_ms())},
                             {"span_ms", nullable_times},
                             {"busy_ms", nullable_times},
                             {"headline", {{"enum", {"host", "span"}}}}},
                            true);
    json["subtraction"] = object({{"T_vision_total", time_ms()},
                                  {"T_LLM_prefill", type("number")},
                                  {"T_total", time_ms()},
                                  {"T_LLM_decode_signed", type("number")},
                                  {"T_LLM_decode", time_ms()}},
                                 true);
    json["gpu"] = object({{"sm_mhz_min", nullable("number")},
                          {"throttle", array_of(type("string"))},
                          {"temperature_c", nullable("number")},
                          {"power_w", nullable("number")},
                          {"energy_mj", nullable("number")}},
                         true);
    json["flags"] = array_of(type("string"));
    return json;
}

Json optional_properties() {
    Json json;
    json["TTFT_ms"] = json["TPOT_ms"] = {{"type", {"number", "null"}}, {"minimum", 0}};
    json["ITL_ms"] = {{"type", {"array", "null"}}, {"items", time_ms()}};
    json["cupti"] = type("object");
    json["synthetic"] = type("boolean");
    json["trace"] = type("string");
    json["pred"] = type("string");
    json["answers"] = array_of(type("string"));
    json["accuracy"] = type("number");
    json["request_digest"] = type("string");
    json["manifest_id"] = type("string");
    json["metadata"] = type("object");
    return json;
}

}  // namespace

std::string field_definition(std::string_view field) {
    const auto found = definitions().find(field);
    return found == definitions().end() ? std::string() : std::string(found->second);
}

std::string record_schema() {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "decodemeter sample record"},
                   {"type", "object"}};
    Json properties = required_properties();
    Json required = Json::array();
    for (const auto& [name, value] : properties.items()) required.push_back(name);
    properties.update(optional_properties());
    for (auto& [name, value] : properties.items()) {
        if (const std::string text = field_definition(name); !text.empty())
            value["description"] = text;
    }
    schema["properties"] = std::move(properties);
    schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema.dump(2) + "\n";
}

}  // namespace decodemeter
