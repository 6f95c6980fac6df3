#include "profiler/watch/watched_thread.hpp"

#include <algorithm>
#include <exception>

#include "profiler/record/this_process.hpp"
#include "profiler/timing/recorded_times.hpp"

namespace decodemeter {

namespace {

// Of the steps that count; a sample that no range ends is over with its last stage.
GenerateTrace cut(GenerateTrace trace, const WatchedSample& seen) {
    trace.decode.resize(std::min(trace.decode.size(), static_cast<std::size_t>(seen.steps)));
    if (seen.enclosed) return trace;
    const auto headline = [](const StepTiming& step) { return step.span.value_or(step.host); };
    const StageTimings& stages = trace.stages;
    trace.total = trace.decode.empty() ? stages.vision_encoder + stages.projector + stages.prefill
                                       : trace.decode_start;
    for (const StepTiming& step : trace.decode) trace.total += headline(step);
    return trace;
}

}  // namespace

WatchedThread::WatchedThread(WatchedRun& run)
    : run_(run),
      sample_(run.settings()),
      timeline_(run.settings().max_steps),
      reader_(observers_, {[this] { begin_sample(); },
                           [this](const WatchedSample& seen) { end_sample(seen); }}) {}

void WatchedThread::mark(const std::string& message) {
    WatchSettings said = reader_.in_bare_sample() ? run_.settings() : sample_;
    if (!apply_mark(message, said)) return;
    if (reader_.in_bare_sample()) reader_.finish();
    sample_ = std::move(said);
}

void WatchedThread::begin_sample() {
    const std::optional<CudaDriver> cuda = run_.cuda_of_this_thread();
    if (cuda && run_.settings().events && !with_events_) {
        timeline_ = Timeline<>(run_.settings().max_steps,
                               CudaEvents(run_.settings().max_steps, nullptr, *cuda));
        with_events_ = true;
    }
    timeline_.reset();
    observers_ = ObserverGroup();
    observers_.add(timeline_);
    use_ = cuda ? DeviceUse::used : DeviceUse::none;
    if (!cuda) return;
    if (StageObserver* const tracer = run_.begin_device(*cuda)) {
        observers_.add(*tracer);
        use_ = DeviceUse::traced;
    }
}

void WatchedThread::end_sample(const WatchedSample& seen) {
    SampleRecord record;
    record.dataset = sample_.dataset;
    record.config = sample_.config;
    record.vision_tokens = sample_.vision_tokens;
    record.text_tokens = sample_.text_tokens;
    record.prompt_tokens = sample_.vision_tokens + sample_.text_tokens;
    record.flags.push_back("watched");
    if (record.prompt_tokens == 0) record.flags.push_back("tokens_unknown");
    if (timeline_.marks().overflow) record.flags.push_back("more_steps_than_marks");
    add_times(record, trace_of(seen, record));
    record.output_tokens = static_cast<int>(record.T_decode_per_step.size()) + 1;
    record.content_tokens = record.output_tokens;
    record.stop = "unknown";
    run_.end_device(record, use_, record.T_decode_per_step.size());
    record.time = utc_now();
    sample_ = run_.settings();
    if (seen.whole) run_.append(record);
    else run_.reporter().unfinished();
}

// The events may be out of reach, as at the end of the process; the host's marks are not.
GenerateTrace WatchedThread::trace_of(const WatchedSample& seen, SampleRecord& record) {
    try {
        return cut(timeline_.resolve(), seen);
    } catch (const std::exception& error) {
        record.flags.push_back("no_events");
        run_.reporter().problem(error.what());
        return cut(make_trace(read_marks(timeline_.marks()), std::nullopt), seen);
    }
}

}  // namespace decodemeter
