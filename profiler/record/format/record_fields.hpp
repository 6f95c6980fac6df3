// The ledger of a record's fields, in the order in which they are written. A field of a part is in
// the part's own table.
#pragma once

#include <tuple>

#include "profiler/record/format/record_field.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// Note [First token comes from prefill]
// A generate() that returns N tokens runs one prefill, which yields token 1, and N-1 decode steps:
// step s takes token s and yields token s+1. The pass that would consume the last token is never
// run. So T_decode_per_step has N-1 entries, and dividing the decode time by N makes a flat step
// look shorter the shorter the answer is: by half at N = 2.

inline constexpr auto clock_fields =
    std::tuple(field<FieldKind::times>("host_ms", &StepClocks::host_ms, Presence::written),
               field<FieldKind::optional_times>("span_ms", &StepClocks::span_ms, Presence::written),
               field<FieldKind::optional_times>("busy_ms", &StepClocks::busy_ms, Presence::written),
               field<FieldKind::headline>("headline", &StepClocks::headline, Presence::written));

inline constexpr auto subtraction_fields = std::tuple(
    field<FieldKind::lenient_time>("T_vision_total", &SubtractionTimes::T_vision_total,
                                   Presence::written),
    field<FieldKind::signed_time>("T_LLM_prefill", &SubtractionTimes::T_LLM_prefill,
                                  Presence::written),
    field<FieldKind::lenient_time>("T_total", &SubtractionTimes::T_total, Presence::written),
    field<FieldKind::signed_time>("T_LLM_decode_signed", &SubtractionTimes::T_LLM_decode_signed,
                                  Presence::written),
    field<FieldKind::lenient_time>("T_LLM_decode", &SubtractionTimes::T_LLM_decode,
                                   Presence::written));

inline constexpr auto gpu_fields = std::tuple(
    field<FieldKind::optional_number>("sm_mhz_min", &GpuState::sm_mhz_min, Presence::written),
    field<FieldKind::texts>("throttle", &GpuState::throttle, Presence::written),
    field<FieldKind::optional_number>("temperature_c", &GpuState::temperature_c, Presence::written),
    field<FieldKind::optional_number>("power_w", &GpuState::power_w, Presence::written),
    field<FieldKind::optional_number>("energy_mj", &GpuState::energy_mj, Presence::written));

inline constexpr auto loss_fields = std::tuple(
    field<FieldKind::integer>("dropped", &CuptiSummary::dropped, Presence::written),
    field<FieldKind::integer>("zero_timestamps", &CuptiSummary::zero_timestamps, Presence::written),
    field<FieldKind::integer>("unmatched", &CuptiSummary::unmatched, Presence::written),
    field<FieldKind::integer>("overlapping", &CuptiSummary::overlapping, Presence::written),
    field<FieldKind::integer>("link_disagreements", &CuptiSummary::link_disagreements,
                              Presence::written));

inline constexpr auto cupti_fields = std::tuple(
    field<FieldKind::refusal>("none", NoMember{}, Presence::optional),
    field<FieldKind::tolerated_times>("span_ms", &CuptiSummary::span_ms, Presence::written),
    field<FieldKind::tolerated_times>("idle_launch_ms", &CuptiSummary::idle_launch_ms,
                                      Presence::written),
    field<FieldKind::tolerated_times>("idle_synchronise_ms", &CuptiSummary::idle_synchronize_ms,
                                      Presence::written),
    field<FieldKind::tolerated_times>("idle_gap_ms", &CuptiSummary::idle_gap_ms, Presence::written),
    field<FieldKind::tolerated_times>("overhead_ms", &CuptiSummary::overhead_ms, Presence::written),
    field<FieldKind::integers>("kernels", &CuptiSummary::kernels, Presence::written),
    field<FieldKind::integers>("api_calls", &CuptiSummary::api_calls, Presence::written),
    field<FieldKind::integers>("synchronisations", &CuptiSummary::synchronizations,
                               Presence::written),
    field<FieldKind::integers>("memcpy_bytes", &CuptiSummary::memcpy_bytes, Presence::written),
    field<FieldKind::optional_times>("event_span_ms", &CuptiSummary::event_span_ms,
                                     Presence::written),
    field<FieldKind::optional_times>("event_lag_ms", &CuptiSummary::event_lag_ms,
                                     Presence::written),
    field<FieldKind::optional_integer>("events_matched", &CuptiSummary::events_matched,
                                       Presence::written),
    field<FieldKind::integer>("events_misplaced", &CuptiSummary::events_misplaced,
                              Presence::written),
    field<FieldKind::part>("losses", NoMember{}, Presence::written));

inline constexpr auto metadata_fields =
    std::tuple(field<FieldKind::optional_text>("prompt", &SampleRecord::prompt, Presence::optional),
               field<FieldKind::optional_text>("image", &SampleRecord::image, Presence::optional));

inline constexpr auto top_k_of = [](auto& record) -> auto& { return record.config.top_k; };
inline constexpr auto active_blocks_of = [](auto& record) -> auto& {
    return record.config.active_blocks;
};

inline constexpr auto record_fields = std::tuple(
    field<FieldKind::schema_version>("schema", NoMember{}, Presence::written),
    field<FieldKind::text>(
        "key", &SampleRecord::key, Presence::required,
        "dataset/sample_id/tier_topk_blocks/repeat, with \"trace\" in place of the repeat "
        "for a tracing pass; unique in a results directory",
        in_run_file),
    field<FieldKind::text>("dataset", &SampleRecord::dataset, Presence::written),
    field<FieldKind::integer>(
        "sample_id", &SampleRecord::sample_id, Presence::written,
        "index of the sample in its data set when it was first measured in this directory; "
        "another request that takes its place later gets the next free number",
        in_run_file),
    field<FieldKind::integer>("repeat", &SampleRecord::repeat, Presence::written,
                              "0-based repetition of this sample under this configuration"),
    field<FieldKind::tier_name>("tier", NoMember{}, Presence::required,
                                "image tier: low, medium or high; null is Molmo's own tiling"),
    field<FieldKind::tier_index>("tier_idx", NoMember{}, Presence::written,
                                 "0 low, 1 medium, 2 high"),
    field<FieldKind::count>("top_k", top_k_of, Presence::required,
                            "experts per token; 0 in a dense model"),
    field<FieldKind::count>(
        "num_active_blocks", active_blocks_of, Presence::required,
        "decoder blocks that run; the others are identities and have no KV entries"),
    field<FieldKind::integers>("active_block_indices", &SampleRecord::active_block_indices,
                               Presence::written, "0-based indices of the blocks that run"),
    field<FieldKind::integer>("max_crops", &SampleRecord::max_crops, Presence::written,
                              "largest number of tiles that the tiling may choose"),
    field<FieldKind::pair>(
        "image_size", &SampleRecord::image_size, Presence::written,
        "height and width of the decoded image in pixels; 0, 0 without an image"),
    field<FieldKind::pair>("tiling", &SampleRecord::tiling, Presence::written,
                           "rows and columns of tiles; 0, 0 without an image"),
    field<FieldKind::integer>("num_crops", &SampleRecord::num_crops, Presence::written,
                              "tiles and the global crop: what the vision encoder runs on"),
    field<FieldKind::count>("vision_tokens", &SampleRecord::vision_tokens, Presence::required,
                            "prompt positions that receive an image feature (image_input_idx >= 0)",
                            in_run_file),
    field<FieldKind::count>(
        "text_tokens", &SampleRecord::text_tokens, Presence::required,
        "prompt_tokens - vision_tokens; the image's start, end and column tokens count as "
        "text",
        in_run_file),
    field<FieldKind::integer>("prompt_tokens", &SampleRecord::prompt_tokens, Presence::written,
                              "all input positions of prefill"),
    field<FieldKind::count>(
        "output_tokens", &SampleRecord::output_tokens, Presence::required,
        "N: new token ids that generate() returns, the EOS included when it was sampled",
        in_run_file),
    field<FieldKind::integer>("content_tokens", &SampleRecord::content_tokens, Presence::written,
                              "output_tokens without the EOS", in_run_file),
    field<FieldKind::boolean>("ends_with_eos", &SampleRecord::ends_with_eos, Presence::written,
                              "whether the last returned token is the EOS"),
    field<FieldKind::decode_steps>(
        "decode_steps", NoMember{}, Presence::written,
        "N - 1: forward passes after prefill, which itself yields token 1", in_run_file),
    field<FieldKind::text>(
        "stop", &SampleRecord::stop, Presence::written,
        "why generate() stopped: eos, max_new_tokens or drawn_length; unknown in a watched "
        "program"),
    field<FieldKind::time>(
        "T_preprocess", &SampleRecord::T_preprocess, Presence::written,
        "ms: decoded image and prompt text to crops and token ids; not part of T_total",
        in_run_file),
    field<FieldKind::time>("T_vision_encoder", &SampleRecord::T_vision_encoder, Presence::written,
                           "ms: crops to patch features"),
    field<FieldKind::time>("T_projector", &SampleRecord::T_projector, Presence::written,
                           "ms: pooling and projection of the patch features"),
    field<FieldKind::time>("T_vision_total", &SampleRecord::T_vision_total, Presence::required,
                           "ms: T_vision_encoder + T_projector"),
    field<FieldKind::time>(
        "T_LLM_prefill", &SampleRecord::T_LLM_prefill, Presence::required,
        "ms: token embedding to the first token's logits and argmax, final norm and LM "
        "head included",
        in_run_file),
    field<FieldKind::time>("T_prefill_total", &SampleRecord::T_prefill_total, Presence::written,
                           "ms: T_vision_total + T_LLM_prefill", in_run_file),
    field<FieldKind::time>(
        "decode_start_ms",
        &SampleRecord::decode_start_ms, Presence::written,
        "ms from the start of generate() (preprocessing excluded) to the start of decode "
        "step 1, at which token 1 is there",
        in_run_file),
    field<FieldKind::time>("decode_end_ms", &SampleRecord::decode_end_ms, Presence::written,
                           "decode_start_ms + T_LLM_decode: the end of decode step N-1",
                           in_run_file),
    field<FieldKind::time>("T_LLM_decode", &SampleRecord::T_LLM_decode, Presence::required,
                           "ms: sum of T_decode_per_step, left to right; 0 where N = 1",
                           in_run_file),
    field<FieldKind::times_or_null>(
        "T_decode_per_step", &SampleRecord::T_decode_per_step, Presence::written,
        "ms of each of the N-1 decode steps on the headline clock: step s lasts from token "
        "s to token s+1, so the test for EOS after token s+1 lies inside step s+1",
        in_run_file),
    field<FieldKind::per_token>(
        "T_decode_per_token", NoMember{}, Presence::written,
        "T_LLM_decode / N, the published definition, kept for compatibility: one token too "
        "many",
        in_run_file),
    field<FieldKind::per_step_mean>("T_decode_per_step_mean", NoMember{}, Presence::written,
                                    "T_LLM_decode / (N - 1); null where N = 1", in_run_file),
    field<FieldKind::time>("T_total", &SampleRecord::T_total, Presence::written,
                           "ms: all of generate(), preprocessing excluded", in_run_file),
    field<FieldKind::optional_time>(
        "TTFT_ms", &SampleRecord::TTFT_ms, Presence::newer,
        "time to first token: ms from the start of generate() (preprocessing excluded) "
        "until the caller holds token 1; in a watched program that uses a device, until "
        "the device has made it; null where that is not known",
        in_run_file),
    field<FieldKind::optional_time>(
        "TPOT_ms", &SampleRecord::TPOT_ms, Presence::newer,
        "time per output token after the first: mean of ITL_ms; null where N = 1", in_run_file),
    field<FieldKind::optional_times>(
        "ITL_ms", &SampleRecord::ITL_ms, Presence::newer,
        "inter-token latencies: ms from holding token s to holding token s+1, for s = 1 to "
        "N-1, the host's steps; in a watched program that uses a device, the span steps",
        in_run_file),
    field<FieldKind::part>(
        "clocks", &SampleRecord::clocks, Presence::written,
        "the clocks of each decode step: host (wall time of the calling thread, from "
        "holding one token to holding the next), span (CUDA event to CUDA event on the "
        "compute stream, from the end of the pass that made one token to that of the "
        "next), busy (union of kernel, memcpy and memset intervals, from a CUPTI pass of "
        "its own)",
        in_run_file),
    field<FieldKind::part>(
        "subtraction", &SampleRecord::subtraction, Presence::written,
        "the same sample as people time it today: vision alone, vision + prefill, and the "
        "whole, in separate runs; T_LLM_prefill = (vision + prefill) - vision; "
        "T_LLM_decode_signed = T_total - T_vision_total - T_LLM_prefill; T_LLM_decode = "
        "max(0, signed)",
        in_run_file),
    field<FieldKind::part>(
        "cupti", &SampleRecord::cupti, Presence::optional,
        "per-step results of the CUPTI pass and what it lost; {none: reason} where it was "
        "refused. span_ms: the step on the pass's own clock, from the end of the device's "
        "work of one step to that of the next; its idle time is split into launch (the "
        "next kernel was not launched yet), synchronize (the same, the host blocked in a "
        "synchronizing call) and gap (launched, not started yet), so that busy + idle = "
        "span; overhead_ms: what CUPTI says it took itself; api_calls: CUDA calls, without "
        "frequent queries such as cudaGetDevice; event_span_ms: the same pass's CUDA "
        "events by the device times that CUPTI has of them, event_lag_ms: from the end of "
        "the step's last activity to the event that ends it, events_matched: edges (one "
        "more than steps) before whose event work of the step ran on the event's stream, "
        "events_misplaced: events that the device reached before that end or after the "
        "next step's work had begun (null, null, null, 0 where CUPTI cannot tell); losses: "
        "records dropped, without timestamps, without their API call or too late, "
        "overlapping on one stream, and disagreements of the two links from kernel to step"),
    field<FieldKind::part>(
        "gpu", &SampleRecord::gpu, Presence::written,
        "lowest SM clock, throttle reasons, temperature, power and energy around the "
        "sample, from NVML"),
    field<FieldKind::texts>(
        "flags", &SampleRecord::flags, Presence::written,
        "what to know before trusting this record; slow_step:CAUSE where a decode step "
        "took more than 5 x the median of its request (requests of at least 8 steps), "
        "allocator_grew where LibTorch asked the driver for memory within generate(), "
        "other_stream where a watched program's work was on another stream than the one "
        "whose events were recorded"),
    field<FieldKind::text>("time", &SampleRecord::time, Presence::written,
                           "when the sample finished, ISO 8601, UTC"),
    field<FieldKind::true_or_absent>("synthetic", &SampleRecord::synthetic, Presence::optional,
                                     "true: simulated, not measured"),
    field<FieldKind::optional_text>(
        "trace", &SampleRecord::trace, Presence::optional,
        "file with the sample's trace for Perfetto, relative to the results directory"),
    field<FieldKind::optional_text>("pred", &SampleRecord::pred, Presence::optional,
                                    "the answer's text"),
    field<FieldKind::optional_texts>("answers", &SampleRecord::answers, Presence::optional,
                                     "reference answers copied from the data set"),
    field<FieldKind::optional_number>("accuracy", &SampleRecord::accuracy, Presence::optional,
                                      "copied from the input where given"),
    field<FieldKind::optional_text>(
        "request_digest", &SampleRecord::request_digest, Presence::optional,
        "hash of the picture file's bytes and the prompt (FNV-1a, 64 bits): equal where "
        "the request is the same",
        in_run_file),
    field<FieldKind::optional_text>(
        "manifest_id", &SampleRecord::manifest_id, Presence::optional,
        "the sample's id in its source: \"id\" of a manifest's line, the owners' id in a "
        "data set",
        in_run_file),
    field<FieldKind::part>("metadata", NoMember{}, Presence::optional,
                           "prompt and image of the sample"));

}  // namespace decodemeter
