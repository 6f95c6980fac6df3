#pragma once

#include "profiler/record/sample_record.hpp"

namespace decodemeter::test {

// A whole record with every optional part, times in binary fractions so that sums are exact.
inline SampleRecord example_record(std::int64_t sample_id = 17, int output_tokens = 4) {
    SampleRecord record;
    record.dataset = "coco_2014_vqa";
    record.sample_id = sample_id;
    record.config = {Tier::high, 8, 16};
    record.key = record_key(record.dataset, sample_id, record.config, 0);
    for (int i = 0; i < 16; ++i) record.active_block_indices.push_back(i);
    record.max_crops = 12;
    record.image_size = {480, 640};
    record.tiling = {3, 4};
    record.num_crops = 13;
    record.vision_tokens = 1152;
    record.text_tokens = 58;
    record.prompt_tokens = 1210;
    record.output_tokens = output_tokens;
    record.content_tokens = output_tokens - 1;
    record.ends_with_eos = true;
    record.stop = "eos";
    record.T_preprocess = 6.125;
    record.T_vision_encoder = 9.75;
    record.T_projector = 0.5;
    record.T_vision_total = 10.25;
    record.T_LLM_prefill = 7.875;
    record.T_prefill_total = 18.125;
    record.decode_start_ms = 18.25;
    record.T_decode_per_step.assign(static_cast<std::size_t>(output_tokens - 1), 1.5);
    record.T_LLM_decode = 1.5 * (output_tokens - 1);
    record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
    record.T_total = record.decode_end_ms + 0.125;
    record.TTFT_ms = 18.5;
    record.TPOT_ms = 1.5;
    record.ITL_ms = record.T_decode_per_step;
    record.clocks =
        StepClocks{record.T_decode_per_step, record.T_decode_per_step, std::nullopt, "span"};
    record.subtraction = SubtractionTimes{14.875, 8.875, 23.375, -0.375, 0};
    record.gpu = GpuState{1980, {}, 41, 310, std::nullopt};
    record.time = "2026-01-08T10:11:12.345Z";
    return record;
}

}  // namespace decodemeter::test
