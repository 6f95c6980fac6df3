#include "profiler/timing/tracing/recorded_activity.hpp"

#include <algorithm>

namespace decodemeter {

namespace {

bool has_kernels(const std::vector<StepActivity>& steps) {
    return std::any_of(steps.begin(), steps.end(),
                       [](const StepActivity& step) { return step.kernels > 0; });
}

std::vector<double> counts_of(const std::vector<Milliseconds>& times) {
    std::vector<double> counts;
    for (const Milliseconds time : times) counts.push_back(time.count());
    return counts;
}

}  // namespace

void add_activity(SampleRecord& record, const AttributedSteps& attributed) {
    CuptiSummary summary;
    std::vector<double> busy;
    for (const StepActivity& step : attributed.steps) {
        busy.push_back(step.busy.count());
        summary.span_ms.push_back(step.span.count());
        summary.idle_launch_ms.push_back(step.idle.launch.count());
        summary.idle_synchronize_ms.push_back(step.idle.synchronize.count());
        summary.idle_gap_ms.push_back(step.idle.gap.count());
        summary.overhead_ms.push_back(step.overhead.count());
        summary.kernels.push_back(step.kernels);
        summary.api_calls.push_back(step.api_calls);
        summary.synchronizations.push_back(step.synchronizations);
        summary.memcpy_bytes.push_back(step.memcpy_bytes);
    }
    if (attributed.events) {
        summary.event_span_ms = counts_of(attributed.events->span);
        summary.event_lag_ms = counts_of(attributed.events->lag);
        summary.events_matched = attributed.events->matched;
        summary.events_misplaced = attributed.events->misplaced;
        if (summary.events_misplaced > 0) record.flags.push_back("events_misplaced");
        if (summary.events_matched == 0 && has_kernels(attributed.steps))
            record.flags.push_back(other_stream_flag);
    }
    summary.dropped = attributed.losses.dropped;
    summary.zero_timestamps = attributed.losses.zero_timestamps;
    summary.unmatched = attributed.losses.unmatched;
    summary.overlapping = attributed.losses.overlapping;
    summary.link_disagreements = attributed.losses.link_disagreements;
    if (!attributed.losses.none()) record.flags.push_back("activity_lost");
    if (busy.size() != record.T_decode_per_step.size()) record.flags.push_back("activity_steps");
    else if (record.clocks) record.clocks->busy_ms = std::move(busy);
    record.cupti = std::move(summary);
}

void refuse_activity(SampleRecord& record, const std::string& reason) {
    record.cupti_refused = reason;
}

}  // namespace decodemeter
