// Tracing passes with CUPTI: which device work each decode step caused, when it ran, and what the
// device waited for.
//
// A pass slows down what it traces, and what follows it may stay slower until CUPTI is finalized:
// its times are its own, never the headline's. Built without CUPTI a session refuses and says so.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "profiler/stage/stage_observer.hpp"
#include "profiler/timing/tracing/activity.hpp"
#include "profiler/timing/tracing/step_attribution.hpp"

namespace decodemeter {

struct CuptiOptions {
    int max_steps = 2048;
    std::size_t buffers =
        16;  // to begin with: a pass that had too few leaves twice as many to the next one
    std::size_t most_buffers = 64;
    std::size_t buffer_bytes = std::size_t{4} << 20;
    bool keep_records =
        false;  // all, NVTX ranges too, for a trace file; else they are summed up on the way
    bool synchronizations = true;  // records of what the host waits for, beside the calls
    bool event_times =
        true;  // of CUDA events, on the clock of the activity records; from CUDA 13.0 on
};

struct CuptiPass {
    AttributedSteps attributed;
    std::optional<ActivityRecords> records;  // where they are kept
};

struct CuptiFunctions;

class CuptiSession {
public:
    // Nothing throws for a missing library, another subscriber or refused rights: the session then
    // refuses. At most one session at a time.
    explicit CuptiSession(const CuptiOptions& options = {});
    // With functions and a clock (steady nanoseconds) of the caller's, for tests.
    CuptiSession(const CuptiOptions& options, const CuptiFunctions& functions,
                 Nanoseconds (*now)());
    ~CuptiSession();
    CuptiSession(const CuptiSession&) = delete;
    CuptiSession& operator=(const CuptiSession&) = delete;

    // Why there are no passes; empty: they work.
    const std::string& refused() const noexcept { return refused_; }
    // CUPTI's own number, as "130001"; empty where there is none.
    const std::string& version() const noexcept { return version_; }
    // What is known to go wrong with this version; empty: nothing.
    const std::string& warning() const noexcept { return warning_; }
    // Why passes have no times of CUDA events; empty: they have, or there are no passes.
    const std::string& no_event_times() const noexcept { return no_event_times_; }

    // The device must be idle at both. Between them one generate() runs, watched by observer(), on
    // one thread. False where tracing could not be started: refused() then says why.
    bool begin_pass();
    CuptiPass end_pass();

    // Marks the steps' edges and tells CUPTI in which step calls are made. In a group it comes
    // right after the timeline that records the events: Note [Events and activity on one clock] in
    // edge_events.hpp.
    StageObserver& observer() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
    std::string refused_;
    std::string version_;
    std::string warning_;
    std::string no_event_times_;
    NullObserver nobody_;
};

// What is known to go wrong with a version of CUPTI; empty: nothing.
std::string known_cupti_fault(unsigned version);

}  // namespace decodemeter
