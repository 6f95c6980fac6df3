#include "profiler/profile/tracing.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "profiler/error/error.hpp"
#include "profiler/timing/chrome_trace.hpp"
#include "profiler/timing/recorded_activity.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

std::string write_trace(const TracedSample& traced, const fs::path& results_dir) {
    std::string name = traced.record.key;
    std::replace(name.begin(), name.end(), '/', '-');
    const fs::path relative = fs::path("traces") / (name + ".json");
    fs::create_directories(results_dir / "traces");
    std::ofstream file(results_dir / relative, std::ios::binary);
    file << traced.trace;
    file.close();
    if (!file)
        throw std::system_error(errno, std::generic_category(),
                                (results_dir / relative).string() + ": cannot write");
    return relative.string();
}

TracedSample trace_once(molmo::Molmo& model, const MeasureRequest& request,
                        Instruments& instruments, CuptiSession& cupti) {
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
    if (pass) add_activity(record, pass->attributed);
    else refuse_activity(record, cupti.refused());
    const ActivityRecords* activity = pass && pass->records ? &*pass->records : nullptr;
    sample.trace = chrome_trace(instruments.timeline().marks(), activity, record.key);
    return sample;
}

}  // namespace

TracedSample trace_sample(molmo::Molmo& model, const MeasureRequest& request,
                          Instruments& instruments, CuptiSession& cupti) {
    TracedSample traced = trace_once(model, request, instruments, cupti);
    // There were too few buffers for what it makes; now there are more.
    if (traced.record.cupti && traced.record.cupti->dropped > 0)
        traced = trace_once(model, request, instruments, cupti);
    return traced;
}

TracingReport run_tracing(molmo::Molmo& model, const std::vector<Sample>& samples,
                          const std::vector<Configuration>& configurations,
                          const ProfileOptions& options, const TracingOptions& tracing,
                          Instruments& instruments, RecordStore& store) {
    CuptiOptions cupti_options;
    cupti_options.max_steps = options.max_new_tokens;
    cupti_options.keep_records = tracing.write_traces;
    CuptiSession cupti(cupti_options);
    TracingReport report{0, cupti.version(), cupti.refused(), cupti.warning(), {}};
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
            MeasureRequest request = make_request(sample, image ? &*image : nullptr, configuration,
                                                  options, options.repeats);
            request.subtraction = false;
            if (store.contains(record_key(sample.dataset, sample.sample_id, configuration.key,
                                          request.repeat)))
                continue;
            TracedSample traced = trace_sample(model, request, instruments, cupti);
            if (tracing.write_traces)
                traced.record.trace = write_trace(traced, tracing.results_dir);
            store.append(traced.record);
            ++report.passes;
        }
    }
    report.refused = cupti.refused();
    report.no_event_times = cupti.no_event_times();
    return report;
}

}  // namespace decodemeter
