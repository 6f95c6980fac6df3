// One line of records.jsonl: one sample under one configuration.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/record/config_key.hpp"

namespace decodemeter {

inline constexpr int record_schema_version = 1;

// Times are milliseconds, as at every boundary of the record.
struct SubtractionTimes {
    double T_vision_total = 0;
    double T_LLM_prefill = 0;
    double T_total = 0;
    double T_LLM_decode_signed = 0;  // T_total - T_vision_total - T_LLM_prefill
    double T_LLM_decode = 0;         // max(0, signed)
};

// The three clocks of each decode step. Absent clocks are absent, never zero.
struct StepClocks {
    std::vector<double> host_ms;
    std::optional<std::vector<double>> span_ms;
    std::optional<std::vector<double>> busy_ms;
    std::string headline = "host";  // the clock that T_decode_per_step is taken from
};

// Per-step results of a CUPTI pass; the vectors have one entry for each decode step.
struct CuptiSummary {
    std::vector<double> span_ms;  // of the pass itself, on the clock of its activity records
    std::vector<double> idle_launch_ms;
    std::vector<double> idle_synchronize_ms;
    std::vector<double> idle_gap_ms;
    std::vector<double> overhead_ms;
    std::vector<std::int64_t> kernels;
    std::vector<std::int64_t> api_calls;
    std::vector<std::int64_t> synchronizations;
    std::vector<std::int64_t> memcpy_bytes;
    std::optional<std::vector<double>>
        event_span_ms;  // of the pass's CUDA events, on the same clock
    std::optional<std::vector<double>>
        event_lag_ms;  // from the end of the step's last activity to its event
    // Edges whose event had work of its step before it on its own stream; none where there are no
    // events.
    std::optional<std::int64_t> events_matched;
    std::int64_t events_misplaced = 0;
    std::int64_t dropped = 0;
    std::int64_t zero_timestamps = 0;
    std::int64_t unmatched = 0;
    std::int64_t overlapping = 0;
    std::int64_t link_disagreements = 0;
};

struct GpuState {
    std::optional<double> sm_mhz_min;
    std::vector<std::string> throttle;
    std::optional<double> temperature_c;
    std::optional<double> power_w;
    std::optional<double> energy_mj;
};

// Which kind of file a record was read from; a new record is native.
enum class RecordFormat { native, published };

struct SampleRecord {
    RecordFormat format = RecordFormat::native;  // not written
    std::string key;
    std::string dataset;
    std::int64_t sample_id = 0;
    int repeat = 0;

    ConfigKey config;
    std::vector<int> active_block_indices;
    int max_crops = 0;

    std::array<int, 2> image_size{};  // height, width in pixels
    std::array<int, 2> tiling{};      // rows, columns of tiles; 0, 0 without an image
    int num_crops = 0;                // tiles and the global crop
    int vision_tokens = 0;
    int text_tokens = 0;
    int prompt_tokens = 0;

    int output_tokens = 0;
    int content_tokens = 0;
    bool ends_with_eos = false;
    std::string stop;  // "eos", "max_new_tokens" or "drawn_length"

    double T_preprocess = 0;
    double T_vision_encoder = 0;
    double T_projector = 0;
    double T_vision_total = 0;
    double T_LLM_prefill = 0;
    double T_prefill_total = 0;
    double decode_start_ms = 0;
    double decode_end_ms = 0;
    double T_LLM_decode = 0;
    std::vector<double> T_decode_per_step;
    double T_total = 0;

    std::optional<double> TTFT_ms;
    std::optional<double> TPOT_ms;
    std::optional<std::vector<double>> ITL_ms;

    std::optional<StepClocks> clocks;
    std::optional<SubtractionTimes> subtraction;
    std::optional<CuptiSummary> cupti;
    std::optional<std::string> cupti_refused;  // why a CUPTI pass that was asked for did not run
    std::optional<GpuState> gpu;

    std::vector<std::string> flags;
    std::string time;  // ISO 8601, UTC
    bool synthetic = false;
    std::optional<std::string>
        trace;  // file with the sample's trace, relative to the results directory

    std::optional<std::string> request_digest;  // of picture and prompt
    std::optional<std::string> manifest_id;     // what the source of the samples calls it
    std::optional<std::string> prompt;
    std::optional<std::string> image;
    std::optional<std::string> pred;
    std::vector<std::string> answers;
    std::optional<double> accuracy;
    std::optional<double>
        stored_per_token_ms;  // T_decode_per_token as a file has it; never trusted

    int decode_steps() const noexcept { return output_tokens > 0 ? output_tokens - 1 : 0; }
};

// T_LLM_decode / N: the published definition, which counts one step too many.
double decode_per_token_ms(const SampleRecord& record);
// T_LLM_decode / (N - 1); none when there was no decode step.
std::optional<double> decode_per_step_mean_ms(const SampleRecord& record);

// A record of a run that CUPTI traced, and thereby slowed down: not for statistics of times.
inline constexpr const char* tracing_pass_flag = "cupti_pass";
bool is_tracing_pass(const SampleRecord& record);

// Begins the flag of a record with a step far above the others; the cause follows.
inline constexpr const char* slow_step_flag = "slow_step:";

// "coco_2014_vqa/000017/high_8_16/0"
std::string record_key(const std::string& dataset, std::int64_t sample_id, const ConfigKey& config,
                       int repeat);
// "coco_2014_vqa/000017/high_8_16/trace": passes that CUPTI traces take no repeat's key.
std::string tracing_pass_key(const std::string& dataset, std::int64_t sample_id,
                             const ConfigKey& config);
// False where `key` names another request than the record's fields do. A tracing pass may have any
// repeat's key, as in earlier versions; without a `dataset` there is nothing to compare with.
bool has_own_key(const SampleRecord& record);

}  // namespace decodemeter
