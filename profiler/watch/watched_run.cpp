#include "profiler/watch/watched_run.hpp"

#include <algorithm>
#include <utility>

#include "profiler/record/build_info.hpp"
#include "profiler/record/this_process.hpp"
#include "profiler/system/error.hpp"
#include "profiler/timing/tracing/recorded_activity.hpp"

namespace decodemeter {

namespace {

RunHeader describe_run(const WatchSettings& settings, const std::optional<RecordedGpu>& gpu) {
    const BuildInfo& build = build_info();
    RunHeader header;
    header.device = this_processor();
    header.versions = {build.version, build.git_revision, build.dirty, "", build.cuda, ""};
    header.model.name = settings.name;
    header.execution_mode = watched_execution_mode;
    header.starts = {this_start()};
    header.starts.front().command_line = settings.command_line;
    if (gpu) {
        header.device.type = "cuda";
        gpu->sampler().describe(header.device);
        header.absent = gpu->sampler().absent();
        if (!settings.events) header.absent["clocks.span_ms"] = "watched with --no_events";
    } else {
        const std::string reason = "the watched program did not use CUDA in its first sample";
        header.absent = {{"clocks.span_ms", reason}, {"gpu", reason}};
    }
    return header;
}

}  // namespace

WatchedRun::WatchedRun(WatchSettings settings)
    : settings_(std::move(settings)),
      reporter_(settings_.report_dir),
      driver_(loaded_cuda_driver()) {}

std::optional<CudaDriver> WatchedRun::cuda_of_this_thread() {
    const std::lock_guard lock(mutex_);
    if (!driver_.absent.empty()) driver_ = loaded_cuda_driver();
    CudaDriver::Context context = nullptr;
    if (!driver_.absent.empty() || driver_.context_current(&context) != 0 || !context)
        return std::nullopt;
    return driver_;
}

StageObserver* WatchedRun::begin_device(const CudaDriver& driver) {
    const std::lock_guard lock(mutex_);
    if (!gpu_) gpu_.emplace(current_pci_bus_id(driver));
    gpu_->begin_sample();
    if (!settings_.cupti || in_pass_) return nullptr;
    if (!cupti_) {
        CuptiOptions options;
        options.max_steps = settings_.max_steps;
        cupti_.emplace(options);
    }
    driver.context_synchronize();
    in_pass_ = cupti_->begin_pass();
    no_passes_ = in_pass_ ? "another thread's sample was traced" : cupti_->refused();
    return in_pass_ ? &cupti_->observer() : nullptr;
}

void WatchedRun::end_device(SampleRecord& record, DeviceUse use, std::size_t steps) {
    const std::lock_guard lock(mutex_);
    if (use != DeviceUse::none) gpu_->end_sample(record);
    if (!settings_.cupti) return;
    record.flags.push_back(tracing_pass_flag);
    if (use != DeviceUse::traced) return refuse_activity(record, no_passes_);
    in_pass_ = false;
    CuptiPass pass = cupti_->end_pass();
    AttributedSteps& attributed = pass.attributed;
    if (attributed.steps.size() > steps) {
        attributed.steps.resize(steps);
        attributed.events.reset();
    }
    add_activity(record, attributed);
    if (std::find(record.flags.begin(), record.flags.end(), other_stream_flag) !=
        record.flags.end()) {
        reporter_.problem(
            "the watched program decodes on another stream than the default one, on which its "
            "steps "
            "are timed; their span_ms are not the device's times, busy_ms and host_ms hold");
    }
}

void WatchedRun::append(SampleRecord& record) {
    const std::lock_guard lock(mutex_);
    if (!store_) open_store();
    record.sample_id = next_id_++;
    do record.key = record_key(record.dataset, record.sample_id, record.config, record.repeat);
    while (store_->contains(record.key) && ++record.repeat);
    const std::size_t places = guard_.places().size();
    guard_.check(record);
    for (std::size_t i = places; i < guard_.places().size(); ++i)
        reporter_.problem(slow_step_line(guard_.places()[i]));
    store_->append(record);
    reporter_.sample(record.key);
}

void WatchedRun::open_store() {
    RunHeader header = describe_run(settings_, gpu_);
    if (cupti_) header.versions.cupti = cupti_->version();
    if (settings_.cupti && (!cupti_ || !cupti_->refused().empty()))
        header.absent["cupti"] = no_passes_;
    try {
        store_.emplace(settings_.results_dir, std::move(header));
    } catch (const InputError& error) {
        throw InputError(std::string(error.what()) +
                         " (of several processes one can be watched into a directory)");
    }
}

void WatchedRun::finish() {
    const std::lock_guard lock(mutex_);
    if (guard_.steps() > 0) reporter_.problem(slow_step_lines(guard_).front());
    if (store_) store_->sync();
}

}  // namespace decodemeter
