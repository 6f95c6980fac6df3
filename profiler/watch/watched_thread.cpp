#include "profiler/watch/watched_thread.hpp"

#include <algorithm>
#include <exception>
#include <numeric>

#include "profiler/record/this_process.hpp"
#include "profiler/timing/recorded_times.hpp"

namespace decodemeter {

namespace {

// Keeps the steps that count; a sample that no range encloses ends with its last stage.
void cut(ClockReading& reading, const WatchedSample& seen) {
    reading.steps.resize(std::min(reading.steps.size(), static_cast<std::size_t>(seen.steps)));
    if (seen.enclosed) return;
    reading.total =
        std::accumulate(reading.steps.begin(), reading.steps.end(), reading.first_token);
}

GenerateTrace cut(GenerateTrace trace, const WatchedSample& seen) {
    cut(trace.host, seen);
    if (trace.span) cut(*trace.span, seen);
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
                               CudaEvents(run_.settings().max_steps, CudaStream{}, *cuda));
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
    const GenerateTrace trace = trace_of(seen, record);
    add_times(record, trace);
    // Reading a token back is not seen here. On a device the host's marks are the moments at which
    // work was queued, so that only the events tell when a token exists.
    if (seen.prefill && (trace.span || use_ == DeviceUse::none))
        add_token_times(record, trace.headline());
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
        return cut({read_marks(timeline_.marks()), std::nullopt}, seen);
    }
}

}  // namespace decodemeter
