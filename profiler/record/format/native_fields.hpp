// The fields of a native line, once for both ways of reading it.
//
// Value is the value of a field: a TolerantValue, which notes or passes over what it cannot use, or
// a LineScanner, which gives up at the first thing out of the ordinary. Both have the same members.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "profiler/record/format/field_table.hpp"

namespace decodemeter {

template <class V>
inline constexpr auto clock_fields = std::to_array<Field<V, StepClocks>>({
    {"host_ms", [](LineState& s, StepClocks& c, V& v) { v.times(s, "host_ms", c.host_ms); }},
    {"span_ms",
     [](LineState& s, StepClocks& c, V& v) { v.optional_times(s, "span_ms", c.span_ms); }},
    {"busy_ms",
     [](LineState& s, StepClocks& c, V& v) { v.optional_times(s, "busy_ms", c.busy_ms); }},
    {"headline", [](LineState&, StepClocks& c, V& v) { v.text(c.headline); }},
});

template <class V>
void read_clocks(LineState& state, V& value) {
    StepClocks clocks;
    if (read_fields(state, value, clocks, clock_fields<V>)) state.record.clocks = std::move(clocks);
}

template <class V>
inline constexpr auto subtraction_fields = std::to_array<Field<V, SubtractionTimes>>({
    {"T_vision_total",
     [](LineState& s, SubtractionTimes& t, V& v) {
         v.signed_time(s, "subtraction.T_vision_total", t.T_vision_total);
     }},
    {"T_LLM_prefill", [](LineState& s, SubtractionTimes& t,
                         V& v) { v.signed_time(s, "subtraction.T_LLM_prefill", t.T_LLM_prefill); }},
    {"T_total", [](LineState& s, SubtractionTimes& t,
                   V& v) { v.signed_time(s, "subtraction.T_total", t.T_total); }},
    {"T_LLM_decode_signed",
     [](LineState& s, SubtractionTimes& t, V& v) {
         v.signed_time(s, "subtraction.T_LLM_decode_signed", t.T_LLM_decode_signed);
     }},
    {"T_LLM_decode", [](LineState& s, SubtractionTimes& t,
                        V& v) { v.signed_time(s, "subtraction.T_LLM_decode", t.T_LLM_decode); }},
});

template <class V>
void read_subtraction(LineState& state, V& value) {
    SubtractionTimes times;
    unsigned seen = 0;
    read_fields(state, value, times, subtraction_fields<V>,
                [&](std::size_t index) { seen |= 1u << index; });
    if (seen == (1u << subtraction_fields<V>.size()) - 1) state.record.subtraction = times;
}

template <class V>
inline constexpr auto gpu_fields = std::to_array<Field<V, GpuState>>({
    {"sm_mhz_min", [](LineState&, GpuState& g, V& v) { v.optional_number(g.sm_mhz_min); }},
    {"throttle", [](LineState&, GpuState& g, V& v) { v.texts(g.throttle); }},
    {"temperature_c", [](LineState&, GpuState& g, V& v) { v.optional_number(g.temperature_c); }},
    {"power_w", [](LineState&, GpuState& g, V& v) { v.optional_number(g.power_w); }},
    {"energy_mj", [](LineState&, GpuState& g, V& v) { v.optional_number(g.energy_mj); }},
});

template <class V>
void read_gpu(LineState& state, V& value) {
    GpuState gpu;
    if (read_fields(state, value, gpu, gpu_fields<V>)) state.record.gpu = std::move(gpu);
}

template <class V>
inline constexpr auto loss_fields = std::to_array<Field<V, CuptiSummary>>({
    {"dropped", [](LineState&, CuptiSummary& c, V& v) { v.integer(c.dropped); }},
    {"zero_timestamps", [](LineState&, CuptiSummary& c, V& v) { v.integer(c.zero_timestamps); }},
    {"unmatched", [](LineState&, CuptiSummary& c, V& v) { v.integer(c.unmatched); }},
    {"overlapping", [](LineState&, CuptiSummary& c, V& v) { v.integer(c.overlapping); }},
    {"link_disagreements",
     [](LineState&, CuptiSummary& c, V& v) { v.integer(c.link_disagreements); }},
});

template <class V>
inline constexpr auto cupti_fields = std::to_array<Field<V, CuptiSummary>>({
    {"none", [](LineState& s, CuptiSummary&, V& v) { v.optional_text(s.record.cupti_refused); }},
    {"span_ms", [](LineState&, CuptiSummary& c, V& v) { v.times(c.span_ms); }},
    {"idle_launch_ms", [](LineState&, CuptiSummary& c, V& v) { v.times(c.idle_launch_ms); }},
    {"idle_synchronise_ms",
     [](LineState&, CuptiSummary& c, V& v) { v.times(c.idle_synchronise_ms); }},
    {"idle_gap_ms", [](LineState&, CuptiSummary& c, V& v) { v.times(c.idle_gap_ms); }},
    {"overhead_ms", [](LineState&, CuptiSummary& c, V& v) { v.times(c.overhead_ms); }},
    {"kernels", [](LineState&, CuptiSummary& c, V& v) { v.integers(c.kernels); }},
    {"api_calls", [](LineState&, CuptiSummary& c, V& v) { v.integers(c.api_calls); }},
    {"synchronisations", [](LineState&, CuptiSummary& c, V& v) { v.integers(c.synchronisations); }},
    {"memcpy_bytes", [](LineState&, CuptiSummary& c, V& v) { v.integers(c.memcpy_bytes); }},
    {"event_span_ms", [](LineState& s, CuptiSummary& c,
                         V& v) { v.optional_times(s, "cupti.event_span_ms", c.event_span_ms); }},
    {"event_lag_ms", [](LineState& s, CuptiSummary& c,
                        V& v) { v.optional_times(s, "cupti.event_lag_ms", c.event_lag_ms); }},
    {"events_matched", [](LineState&, CuptiSummary& c, V& v) { v.integer(c.events_matched); }},
    {"events_misplaced", [](LineState&, CuptiSummary& c, V& v) { v.integer(c.events_misplaced); }},
    {"losses", [](LineState& s, CuptiSummary& c, V& v) { read_fields(s, v, c, loss_fields<V>); }},
});

template <class V>
void read_cupti(LineState& state, V& value) {
    CuptiSummary cupti;
    bool results = false;
    read_fields(state, value, cupti, cupti_fields<V>,
                [&](std::size_t index) { results |= index > 0; });
    if (results) state.record.cupti = std::move(cupti);
}

template <class V>
inline constexpr auto metadata_fields = std::to_array<Field<V, SampleRecord>>({
    {"prompt", [](LineState&, SampleRecord& r, V& v) { v.optional_text(r.prompt); }},
    {"image", [](LineState&, SampleRecord& r, V& v) { v.optional_text(r.image); }},
});

template <class V>
void read_tier(LineState& state, V& value) {
    std::optional<std::string> name;
    if (!value.text_or_null(name)) return state.note("tier", NumberFault::not_a_number);
    if (!name) return;
    state.record.config.tier = parse_tier(*name);
    if (!state.record.config.tier && state.fault.empty()) state.fault = "unknown tier";
}

template <class V>
inline constexpr auto native_fields = std::to_array<Field<V, SampleRecord>>({
    {"schema", [](LineState& s, SampleRecord&, V& v) { v.integer(s.schema); }},
    {"key", [](LineState&, SampleRecord& r, V& v) { v.text(r.key); }, true},
    {"dataset", [](LineState&, SampleRecord& r, V& v) { v.text(r.dataset); }},
    {"sample_id", [](LineState&, SampleRecord& r, V& v) { v.integer(r.sample_id); }},
    {"repeat", [](LineState&, SampleRecord& r, V& v) { v.integer(r.repeat); }},
    {"tier", [](LineState& s, SampleRecord&, V& v) { read_tier(s, v); }, true},
    {"tier_idx", [](LineState&, SampleRecord&, V& v) { v.ignore(); }},
    {"top_k", [](LineState& s, SampleRecord& r, V& v) { v.count(s, "top_k", r.config.top_k); },
     true},
    {"num_active_blocks",
     [](LineState& s, SampleRecord& r,
        V& v) { v.count(s, "num_active_blocks", r.config.active_blocks); },
     true},
    {"active_block_indices",
     [](LineState&, SampleRecord& r, V& v) { v.integers(r.active_block_indices); }},
    {"max_crops", [](LineState&, SampleRecord& r, V& v) { v.integer(r.max_crops); }},
    {"image_size", [](LineState&, SampleRecord& r, V& v) { v.pair(r.image_size); }},
    {"tiling", [](LineState&, SampleRecord& r, V& v) { v.pair(r.tiling); }},
    {"num_crops", [](LineState&, SampleRecord& r, V& v) { v.integer(r.num_crops); }},
    {"vision_tokens",
     [](LineState& s, SampleRecord& r, V& v) { v.count(s, "vision_tokens", r.vision_tokens); },
     true},
    {"text_tokens",
     [](LineState& s, SampleRecord& r, V& v) { v.count(s, "text_tokens", r.text_tokens); }, true},
    {"prompt_tokens", [](LineState&, SampleRecord& r, V& v) { v.integer(r.prompt_tokens); }},
    {"output_tokens",
     [](LineState& s, SampleRecord& r, V& v) { v.count(s, "output_tokens", r.output_tokens); },
     true},
    {"content_tokens", [](LineState&, SampleRecord& r, V& v) { v.integer(r.content_tokens); }},
    {"ends_with_eos", [](LineState&, SampleRecord& r, V& v) { v.boolean(r.ends_with_eos); }},
    {"decode_steps", [](LineState& s, SampleRecord&, V& v) { v.number(s.stored_decode_steps); }},
    {"stop", [](LineState&, SampleRecord& r, V& v) { v.text(r.stop); }},
    {"T_preprocess",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "T_preprocess", r.T_preprocess); }},
    {"T_vision_encoder", [](LineState& s, SampleRecord& r,
                            V& v) { v.time(s, "T_vision_encoder", r.T_vision_encoder); }},
    {"T_projector",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "T_projector", r.T_projector); }},
    {"T_vision_total",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "T_vision_total", r.T_vision_total); },
     true},
    {"T_LLM_prefill",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "T_LLM_prefill", r.T_LLM_prefill); },
     true},
    {"T_prefill_total",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "T_prefill_total", r.T_prefill_total); }},
    {"decode_start_ms",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "decode_start_ms", r.decode_start_ms); }},
    {"decode_end_ms",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "decode_end_ms", r.decode_end_ms); }},
    {"T_LLM_decode",
     [](LineState& s, SampleRecord& r, V& v) { v.time(s, "T_LLM_decode", r.T_LLM_decode); }, true},
    {"T_decode_per_step",
     [](LineState& s, SampleRecord& r,
        V& v) { v.times_or_null(s, "T_decode_per_step", r.T_decode_per_step); }},
    {"T_decode_per_token",
     [](LineState&, SampleRecord& r, V& v) { v.optional_number(r.stored_per_token_ms); }},
    {"T_decode_per_step_mean", [](LineState&, SampleRecord&, V& v) { v.ignore(); }},
    {"T_total", [](LineState& s, SampleRecord& r, V& v) { v.time(s, "T_total", r.T_total); }},
    {"TTFT_ms", [](LineState&, SampleRecord& r, V& v) { v.optional_number(r.TTFT_ms); }},
    {"TPOT_ms", [](LineState&, SampleRecord& r, V& v) { v.optional_number(r.TPOT_ms); }},
    {"ITL_ms",
     [](LineState& s, SampleRecord& r, V& v) { v.optional_times(s, "ITL_ms", r.ITL_ms); }},
    {"clocks", [](LineState& s, SampleRecord&, V& v) { read_clocks(s, v); }},
    {"subtraction", [](LineState& s, SampleRecord&, V& v) { read_subtraction(s, v); }},
    {"cupti", [](LineState& s, SampleRecord&, V& v) { read_cupti(s, v); }},
    {"gpu", [](LineState& s, SampleRecord&, V& v) { read_gpu(s, v); }},
    {"flags", [](LineState&, SampleRecord& r, V& v) { v.texts(r.flags); }},
    {"time", [](LineState&, SampleRecord& r, V& v) { v.text(r.time); }},
    {"synthetic", [](LineState&, SampleRecord& r, V& v) { v.boolean(r.synthetic); }},
    {"trace", [](LineState&, SampleRecord& r, V& v) { v.optional_text(r.trace); }},
    {"pred", [](LineState&, SampleRecord& r, V& v) { v.optional_text(r.pred); }},
    {"answers", [](LineState&, SampleRecord& r, V& v) { v.texts(r.answers); }},
    {"accuracy", [](LineState&, SampleRecord& r, V& v) { v.optional_number(r.accuracy); }},
    {"request_digest",
     [](LineState&, SampleRecord& r, V& v) { v.optional_text(r.request_digest); }},
    {"manifest_id", [](LineState&, SampleRecord& r, V& v) { v.optional_text(r.manifest_id); }},
    {"metadata",
     [](LineState& s, SampleRecord& r, V& v) { read_fields(s, v, r, metadata_fields<V>); }},
});

}  // namespace decodemeter
