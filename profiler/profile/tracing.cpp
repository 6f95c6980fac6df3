#include "profiler/profile/tracing.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "profiler/error/error.hpp"
#include "profiler/timing/chrome_trace.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

void fill_activity(SampleRecord& record, const AttributedSteps& attributed) {
    CuptiSummary summary;
    std::vector<double> busy_ms;
    for (const StepActivity& step : attributed.steps) {
        busy_ms.push_back(step.busy.count());
        summary.span_ms.push_back(step.span.count());
        summary.idle_launch_ms.push_back(step.idle.launch.count());
        summary.idle_synchronise_ms.push_back(step.idle.synchronise.count());
        summary.idle_gap_ms.push_back(step.idle.gap.count());
        summary.overhead_ms.push_back(step.overhead.count());
        summary.kernels.push_back(step.kernels);
        summary.api_calls.push_back(step.api_calls);
        summary.synchronisations.push_back(step.synchronisations);
        summary.memcpy_bytes.push_back(step.memcpy_bytes);
    }
    const ActivityLosses& losses = attributed.losses;
    summary.dropped = losses.dropped;
    summary.zero_timestamps = losses.zero_timestamps;
    summary.unmatched = losses.unmatched;
    summary.overlapping = losses.overlapping;
    summary.link_disagreements = losses.link_disagreements;
    if (!losses.none()) record.flags.push_back("activity_lost");
    record.clocks->busy_ms = std::move(busy_ms);
    record.cupti = std::move(summary);
}

std::string write_trace(const TracedSample& traced, const fs::path& results_dir) {
    std::string name = traced.record.key;
    std::replace(name.begin(), name.end(), '/', '-');
    const fs::path relative = fs::path("traces") / (name + ".json");
    fs::create_directories(results_dir / "traces");
    std::ofstream file(results_dir / relative, std::ios::binary);
    file << traced.trace;
    file.close();
    if (!file)
        throw std::system_error(errno, std::generic_category(), (results_dir / relative).string() + ": cannot write");
    return relative.string();
}

}  // namespace

TracedSample trace_sample(molmo::Molmo& model, const MeasureRequest& request, Instruments& instruments,
                          CuptiSession& cupti) {
    model.synchronise();
    const bool traced = cupti.refused().empty() && cupti.begin_pass();
    ObserverGroup observers;
    observers.add(instruments.observers());
    if (traced) observers.add(cupti.observer());
    TracedSample sample;
    SampleRecord& record = sample.record;
    record = measure(model, request, instruments.timeline(), observers);
    record.flags.push_back(tracing_pass_flag);
    model.synchronise();
    std::optional<CuptiPass> pass;
    if (traced) pass = cupti.end_pass();
    if (pass) fill_activity(record, pass->attributed);
    else record.cupti_refused = cupti.refused();
    const ActivityRecords* activity = pass && pass->records ? &*pass->records : nullptr;
    sample.trace = chrome_trace(instruments.timeline().marks(), activity, record.key);
    return sample;
}

TracingReport run_tracing(molmo::Molmo& model, const std::vector<Sample>& samples,
                          const std::vector<Configuration>& configurations, const ProfileOptions& options,
                          const TracingOptions& tracing, Instruments& instruments, RecordStore& store) {
    CuptiOptions cupti_options;
    cupti_options.max_steps = options.max_new_tokens;
    cupti_options.keep_records = tracing.write_traces;
    CuptiSession cupti(cupti_options);
    TracingReport report{0, cupti.version(), cupti.refused(), cupti.warning()};
    int samples_done = 0;
    for (const Sample& sample : samples) {
        if (samples_done == tracing.samples_per_configuration) break;
        std::optional<molmo::Image> image;
        try {
            if (!sample.image.empty()) image = molmo::read_image(sample.image);
        } catch (const InputError&) {
            continue;  // counted and said when it was to be measured
        }
        ++samples_done;
        for (const Configuration& configuration : configurations) {
            MeasureRequest request =
                make_request(sample, image ? &*image : nullptr, configuration, options, options.repeats);
            request.subtraction = false;
            if (store.contains(record_key(sample.dataset, sample.sample_id, configuration.key, request.repeat)))
                continue;
            TracedSample traced = trace_sample(model, request, instruments, cupti);
            if (tracing.write_traces) traced.record.trace = write_trace(traced, tracing.results_dir);
            store.append(traced.record);
            ++report.passes;
        }
    }
    report.refused = cupti.refused();
    return report;
}

}  // namespace decodemeter
