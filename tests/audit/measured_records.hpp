// Records as a run would have written them, with known costs.
#pragma once

#include <numeric>

#include "profiler/record/store/record_reader.hpp"
#include "profiler/timing/subtraction.hpp"
#include "tests/audit/synthetic_lengths.hpp"
#include "tests/record/example_record.hpp"

namespace decodemeter::test {

struct MeasuredSet {
    int samples = 300;
    double step_ms = 10;
    double noise = 0.01;
    bool native = true;
    // By how much the runs of a subtraction differ from the direct one.
    double vision_again_ms = 0;
    double total_again_ms = 0;
    double subtraction_noise_ms = 0;

    RecordSet make(std::uint64_t seed = 1) const {
        Draws draws(seed);
        RecordSet set;
        set.datasets = {"coco_2014_vqa"};
        for (int i = 0; i < samples; ++i) set.records.push_back(record(draws, i));
        set.report.read = samples;
        (native ? set.report.native : set.report.published) = samples;
        return set;
    }

private:
    SampleRecord record(Draws& draws, int sample) const {
        SampleRecord record = example_record(sample, draw_length(draws, Lengths::log_uniform));
        for (double& step : record.T_decode_per_step) step = step_ms * (1 + noise * draws.normal());
        const auto& steps = record.T_decode_per_step;
        record.T_LLM_decode = std::accumulate(steps.begin(), steps.end(), 0.0);
        record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
        record.T_total = record.decode_end_ms + 0.125;
        record.clocks = StepClocks{steps, std::nullopt, std::nullopt, "host"};
        char time[32];
        std::snprintf(time, sizeof time, "2026-01-08T10:%02d:%02d.000Z", sample / 60 % 60,
                      sample % 60);
        record.time = time;
        const Milliseconds vision(record.T_vision_total + vision_again_ms);
        const Milliseconds prefill(vision.count() + record.T_LLM_prefill);
        const Milliseconds total(record.T_total + total_again_ms +
                                 subtraction_noise_ms * draws.normal());
        record.subtraction = subtract(vision, prefill, total);
        if (!native) publish(record);
        return record;
    }

    // As the published experiments have it: the decode time by subtraction, T / N, no steps.
    static void publish(SampleRecord& record) {
        record.format = RecordFormat::published;
        record.T_vision_total = record.subtraction->T_vision_total;
        record.T_total = record.subtraction->T_total;
        record.T_LLM_decode = record.subtraction->T_LLM_decode;
        record.stored_per_token_ms = record.T_LLM_decode / record.output_tokens;
        record.T_decode_per_step.clear();
        record.subtraction.reset();
        record.clocks.reset();
        record.time.clear();
    }
};

}  // namespace decodemeter::test
