#include "profiler/timing/recorded_times.hpp"

#include <numeric>
#include <utility>

namespace decodemeter {

namespace {

std::vector<double> counts_of(const std::vector<Milliseconds>& times) {
    std::vector<double> counts;
    counts.reserve(times.size());
    for (const Milliseconds time : times) counts.push_back(time.count());
    return counts;
}

StepClocks clocks_of(const GenerateTrace& trace) {
    StepClocks clocks;
    clocks.host_ms = counts_of(trace.host.steps);
    if (trace.span) clocks.span_ms = counts_of(trace.span->steps);
    clocks.headline = trace.span ? "span" : "host";
    return clocks;
}

}  // namespace

void add_times(SampleRecord& record, const GenerateTrace& trace) {
    const ClockReading& headline = trace.headline();
    record.T_preprocess = trace.host.stages.preprocess.count();
    record.T_vision_encoder = headline.stages.vision_encoder.count();
    record.T_projector = headline.stages.projector.count();
    record.T_vision_total = record.T_vision_encoder + record.T_projector;
    record.T_LLM_prefill = headline.stages.prefill.count();
    record.T_prefill_total = record.T_vision_total + record.T_LLM_prefill;
    record.clocks = clocks_of(trace);
    record.T_decode_per_step = trace.span ? *record.clocks->span_ms : record.clocks->host_ms;
    const auto& steps = record.T_decode_per_step;
    record.T_LLM_decode = std::accumulate(steps.begin(), steps.end(), 0.0);
    record.decode_start_ms = headline.first_token.count();
    record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
    record.T_total = headline.total.count();
}

void add_token_times(SampleRecord& record, const ClockReading& reading) {
    record.TTFT_ms = reading.first_token.count();
    record.ITL_ms = counts_of(reading.steps);
    record.TPOT_ms.reset();
    if (!record.ITL_ms->empty()) {
        record.TPOT_ms = std::accumulate(record.ITL_ms->begin(), record.ITL_ms->end(), 0.0) /
                         static_cast<double>(record.ITL_ms->size());
    }
}

}  // namespace decodemeter
