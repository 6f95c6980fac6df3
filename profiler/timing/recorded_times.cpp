#include "profiler/timing/recorded_times.hpp"

#include <numeric>
#include <utility>

namespace decodemeter {

namespace {

void fill_clocks(SampleRecord& record, const GenerateTrace& trace) {
    StepClocks clocks;
    const bool spans = !trace.decode.empty() && trace.decode.front().span.has_value();
    if (spans) clocks.span_ms.emplace();
    for (const StepTiming& step : trace.decode) {
        clocks.host_ms.push_back(step.host.count());
        if (spans) clocks.span_ms->push_back(step.span->count());
    }
    clocks.headline = spans ? "span" : "host";
    record.T_decode_per_step = spans ? *clocks.span_ms : clocks.host_ms;
    record.clocks = std::move(clocks);
}

}  // namespace

void add_times(SampleRecord& record, const GenerateTrace& trace) {
    record.T_preprocess = trace.stages.preprocess.count();
    record.T_vision_encoder = trace.stages.vision_encoder.count();
    record.T_projector = trace.stages.projector.count();
    record.T_vision_total = record.T_vision_encoder + record.T_projector;
    record.T_LLM_prefill = trace.stages.prefill.count();
    record.T_prefill_total = record.T_vision_total + record.T_LLM_prefill;
    fill_clocks(record, trace);
    const auto& steps = record.T_decode_per_step;
    record.T_LLM_decode = std::accumulate(steps.begin(), steps.end(), 0.0);
    record.decode_start_ms = trace.decode_start.count();
    record.decode_end_ms = record.decode_start_ms + record.T_LLM_decode;
    record.T_total = trace.total.count();
}

}  // namespace decodemeter
