#include "profiler/profile/tracing.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "profiler/samples/request_digest.hpp"
#include "profiler/system/error.hpp"
#include "profiler/timing/tracing/chrome_trace.hpp"
#include "profiler/timing/tracing/recorded_activity.hpp"

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
    model.synchronize();
    const bool traced = cupti.refused().empty() && cupti.begin_pass();
    TracedSample sample;
    SampleRecord& record = sample.record;
    record = measure(model, request, instruments, traced ? &cupti.observer() : nullptr);
    record.key = tracing_pass_key(record.dataset, record.sample_id, record.config);
    record.flags.push_back(tracing_pass_flag);
    model.synchronize();
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

namespace {

// One sample under all configurations that have no pass of it yet.
class SampleTracer {
public:
    SampleTracer(const ProfileSession& session, RecordStore& store, const TracingOptions& tracing,
                 CuptiSession& cupti)
        : session_(session), store_(store), tracing_(tracing), cupti_(cupti) {}

    void trace(Sample& sample) {
        std::optional<molmo::Image> image;
        if (!sample.image.empty()) image = molmo::read_image(sample.image);
        if (sample.request_digest.empty()) sample.request_digest = request_digest(sample);
        for (const Configuration& configuration : session_.plan.configurations) {
            if (store_.stored().has_tracing_pass(sample.dataset, sample.sample_id,
                                                 configuration.key))
                continue;
            if (tracing_.between) tracing_.between();
            MeasureRequest request = make_request(sample, image ? &*image : nullptr, configuration,
                                                  session_.plan.options, 0);
            request.subtraction = false;
            TracedSample traced =
                trace_sample(session_.model, request, session_.instruments, cupti_);
            add_request_identity(traced.record, sample);
            if (tracing_.write_traces)
                traced.record.trace = write_trace(traced, tracing_.results_dir);
            store_.append(traced.record);
            ++passes_;
        }
    }

    int passes() const noexcept { return passes_; }

private:
    ProfileSession session_;
    RecordStore& store_;
    const TracingOptions& tracing_;
    CuptiSession& cupti_;
    int passes_ = 0;
};

}  // namespace

TracingReport run_tracing(const ProfileSession& session, RecordStore& store,
                          const TracingOptions& tracing) {
    CuptiOptions cupti_options;
    cupti_options.max_steps = session.plan.options.max_new_tokens;
    cupti_options.keep_records = tracing.write_traces;
    CuptiSession cupti(cupti_options);
    TracingReport report{0, cupti.version(), cupti.refused(), cupti.warning(), {}};
    SampleTracer tracer(session, store, tracing, cupti);
    int samples_done = 0;
    for (Sample& sample : session.plan.samples) {
        if (samples_done == tracing.samples_per_configuration) break;
        try {
            tracer.trace(sample);
            ++samples_done;
        } catch (const InputError&) {
            continue;  // counted and reported when it was to be measured
        }
    }
    report.passes = tracer.passes();
    report.refused = cupti.refused();
    report.no_event_times = cupti.no_event_times();
    return report;
}

}  // namespace decodemeter
