#include "profiler/watch/watched_run.hpp"

#include <algorithm>
#include <utility>

#include "profiler/record/build_info.hpp"
#include "profiler/record/this_process.hpp"
#include "profiler/timing/recorded_activity.hpp"
#include "profiler/timing/recorded_times.hpp"

namespace decodemeter {

namespace {

constexpr const char* no_cuda = "the watched program did not use CUDA when its first sample began";

RunHeader describe_run(const WatchSettings& settings, const std::optional<RecordedGpu>& gpu) {
    const BuildInfo& build = build_info();
    RunHeader header;
    header.device = this_processor();
    header.versions = {build.version, build.git_revision, build.dirty, "", build.cuda, ""};
    header.model.name = settings.name;
    header.execution_mode = "watched";
    header.starts = {this_start()};
    header.starts.front().command_line = settings.command_line;
    header.absent["clocks.span_ms"] = "a watched program's streams are its own; cupti.span_ms has the device's spans";
    if (gpu) {
        header.device.type = "cuda";
        gpu->sampler().describe(header.device);
        header.absent.insert(gpu->sampler().absent().begin(), gpu->sampler().absent().end());
    } else {
        header.absent["gpu"] = no_cuda;
    }
    return header;
}

// Marks of `steps` steps; a sample that no range encloses ends with its last mark.
GenerateTrace trace_of(HostMarks marks, int steps, bool enclosed) {
    marks.steps = std::min(steps, marks.steps);
    if (!enclosed) {
        const std::size_t last = marks.steps > 0                              ? slot::edge(marks.steps)
                                 : marks.marked[slot::end_of(Stage::prefill)] ? slot::end_of(Stage::prefill)
                                                                              : slot::end_of(Stage::generate);
        marks.time[slot::end_of(Stage::generate)] = marks.time[last];
    }
    return make_trace(read_marks(marks), std::nullopt);
}

}  // namespace

WatchedRun::WatchedRun(WatchSettings settings)
    : settings_(std::move(settings)),
      sample_(settings_),
      timeline_(settings_.max_steps),
      reader_(observers_,
              {[this] { begin_sample(); }, [this](int steps, bool enclosed) { end_sample(steps, enclosed); }}) {
    observers_.add(timeline_);
}

void WatchedRun::mark(const std::string& message) { apply_mark(message, sample_); }

void WatchedRun::finish() {
    reader_.finish();
    if (store_) store_->sync();
}

void WatchedRun::open() {
    cuda_ = ProcessCuda::current();
    if (cuda_) gpu_.emplace(cuda_->pci_bus_id());
    RunHeader header = describe_run(settings_, gpu_);
    if (settings_.cupti && cuda_) {
        CuptiOptions options;
        options.max_steps = settings_.max_steps;
        options.event_times = false;  // the events are the program's
        cupti_.emplace(options);
        observers_.add(cupti_->observer());
        header.versions.cupti = cupti_->version();
        no_passes_ = cupti_->refused();
    } else if (settings_.cupti) {
        no_passes_ = no_cuda;
    }
    if (!no_passes_.empty()) header.absent["cupti"] = no_passes_;
    store_.emplace(settings_.results_dir, std::move(header));
}

void WatchedRun::begin_sample() {
    if (!store_) open();
    timeline_.reset();
    if (gpu_) gpu_->begin_sample();
    if (!cupti_) return;
    cuda_->synchronise();
    in_pass_ = cupti_->begin_pass();
    if (!in_pass_) no_passes_ = cupti_->refused();
}

void WatchedRun::end_sample(int steps, bool enclosed) {
    const HostMarks& marks = timeline_.marks();
    const bool measured = marks.marked[slot::begin_of(Stage::prefill)] || marks.marked[slot::edge(0)];
    if (in_pass_) cuda_->synchronise();
    SampleRecord record = make_record(steps, enclosed);
    if (settings_.cupti) add_pass(record, record.T_decode_per_step.size());
    if (gpu_) gpu_->end_sample(record);
    if (measured) store_->append(record);
    next_id_ += measured;
    sample_ = settings_;
}

SampleRecord WatchedRun::make_record(int steps, bool enclosed) {
    SampleRecord record;
    record.dataset = sample_.dataset;
    record.sample_id = next_id_;
    record.config = sample_.config;
    do record.key = record_key(record.dataset, record.sample_id, record.config, record.repeat);
    while (store_->contains(record.key) && ++record.repeat);
    record.vision_tokens = sample_.vision_tokens;
    record.text_tokens = sample_.text_tokens;
    record.prompt_tokens = sample_.vision_tokens + sample_.text_tokens;
    record.flags.push_back("watched");
    if (record.prompt_tokens == 0) record.flags.push_back("tokens_unknown");
    if (timeline_.marks().overflow) record.flags.push_back("more_steps_than_marks");
    add_times(record, trace_of(timeline_.marks(), steps, enclosed));
    record.output_tokens = static_cast<int>(record.T_decode_per_step.size()) + 1;
    record.content_tokens = record.output_tokens;
    record.stop = "unknown";
    record.time = utc_now();
    return record;
}

void WatchedRun::add_pass(SampleRecord& record, std::size_t steps) {
    record.flags.push_back(tracing_pass_flag);
    if (!std::exchange(in_pass_, false)) return refuse_activity(record, no_passes_);
    CuptiPass pass = cupti_->end_pass();
    if (pass.attributed.steps.size() > steps) pass.attributed.steps.resize(steps);
    add_activity(record, pass.attributed);
}

}  // namespace decodemeter
