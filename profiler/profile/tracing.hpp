// Runs that CUPTI traces: what the device did in each step. They come after everything else,
// because what follows a pass in the same process may stay slower.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "profiler/profile/profile.hpp"
#include "profiler/timing/tracing/cupti_session.hpp"

namespace decodemeter {

struct TracedSample {
    SampleRecord record;  // flagged; with `cupti`, or `cupti_refused`
    std::string trace;    // in the Trace Event Format
};

// One sample, traced; once more where CUPTI had too few buffers. Where CUPTI refuses, the marks of
// stages and steps alone, with the reason.
TracedSample trace_sample(molmo::Molmo& model, const MeasureRequest& request,
                          Instruments& instruments, CuptiSession& cupti);

struct TracingOptions {
    int samples_per_configuration = 0;
    std::filesystem::path results_dir;
    bool write_traces = false;           // to <results_dir>/traces
    std::function<void()> between = {};  // called between passes; may throw
};

struct TracingReport {
    int passes = 0;
    std::string version;  // CUPTI's
    std::string refused;  // why there are no device times; empty: there are
    std::string warning;
    std::string no_event_times;
};

// The first samples under each configuration, under keys of their own, into the store. Passes that
// are there already are not run again.
TracingReport run_tracing(const ProfileSession& session, RecordStore& store,
                          const TracingOptions& tracing);

}  // namespace decodemeter
