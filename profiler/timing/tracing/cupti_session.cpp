#include "profiler/timing/tracing/cupti_session.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "profiler/timing/tracing/activity_buffers.hpp"
#include "profiler/timing/tracing/cupti_cheap_calls.hpp"
#include "profiler/timing/tracing/cupti_records.hpp"

namespace decodemeter {

namespace {

constexpr auto external_kind = CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0;
constexpr std::uint64_t external_base = 1'000'000;

// MEMCPY and CONCURRENT_KERNEL are what is measured; KERNEL would serialize. With kernels traced
// one by one, graphs are seen node by node.
constexpr std::array required_kinds = {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL,
                                       CUPTI_ACTIVITY_KIND_MEMCPY,
                                       CUPTI_ACTIVITY_KIND_MEMSET,
                                       CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION,
                                       CUPTI_ACTIVITY_KIND_RUNTIME,
                                       CUPTI_ACTIVITY_KIND_DRIVER,
                                       CUPTI_ACTIVITY_KIND_OVERHEAD};

Nanoseconds steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

Nanoseconds realtime_now() { return std::chrono::system_clock::now().time_since_epoch(); }

// steady - realtime, from the closest of a few pairs of readings.
Nanoseconds steady_offset() {
    Nanoseconds best_width = Nanoseconds::max();
    Nanoseconds best{};
    for (int i = 0; i < 20; ++i) {
        const Nanoseconds before = steady_now();
        const Nanoseconds realtime = realtime_now();
        const Nanoseconds after = steady_now();
        if (after - before >= best_width) continue;
        best_width = after - before;
        best = before + best_width / 2 - realtime;
    }
    return best;
}

// CUPTI's callbacks carry no pointer of ours, and CUPTI itself knows one user in a process.
std::atomic<ActivityBuffers*> buffers_in_use{nullptr};
std::atomic<Nanoseconds (*)()> clock_in_use{&steady_now};

void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* max_records) {
    ActivityBuffers* const buffers = buffers_in_use;
    *buffer = buffers ? buffers->take() : nullptr;
    *size = *buffer ? buffers->bytes_each() : 0;
    *max_records = 0;  // as many as fit
}

void CUPTIAPI take_buffer(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t,
                          std::size_t valid_bytes) {
    if (ActivityBuffers* const buffers = buffers_in_use) buffers->complete(buffer, valid_bytes);
}

void CUPTIAPI ignore_callback(void*, CUpti_CallbackDomain, CUpti_CallbackId, const void*) {}

std::uint64_t CUPTIAPI clock_for_cupti() {
    return static_cast<std::uint64_t>(clock_in_use.load()().count());
}

// Edges that the observer publishes and the worker reads. Edge 0 may be taken back, so that the
// worker may read a time while it is written again.
struct Edges {
    explicit Edges(int max_steps) : times(static_cast<std::size_t>(max_steps) + 1) {}

    std::vector<std::atomic<std::int64_t>> times;  // ns
    std::atomic<std::size_t> count{0};

    void add(Nanoseconds time) noexcept {
        const std::size_t next = count.load(std::memory_order_relaxed);
        if (next == times.size()) return;
        times[next].store(time.count(), std::memory_order_relaxed);
        count.store(next + 1, std::memory_order_release);
    }
    void clear() noexcept { count.store(0, std::memory_order_release); }

    std::vector<Nanoseconds> known() const {
        std::vector<Nanoseconds> edges(count.load(std::memory_order_acquire));
        for (std::size_t i = 0; i < edges.size(); ++i)
            edges[i] = Nanoseconds(times[i].load(std::memory_order_relaxed));
        return edges;
    }
};

// Takes an edge where a timeline records its event: at the end of prefill and of each pass. The
// copy that reads the token back so belongs to the step that follows, as it does between the
// events.
class EdgeObserver final : public StageObserver {
public:
    EdgeObserver(const CuptiFunctions& cupti, Edges& edges) : cupti_(cupti), edges_(edges) {}

    void begin(Stage stage) noexcept override {
        if (stage == Stage::generate) restart();
        if (stage == Stage::prefill && next_edge_ == 1) {  // prefill goes on
            pop();
            restart();
        }
    }

    void end(Stage stage) noexcept override {
        if (stage == Stage::generate) pop();
        if (stage == Stage::prefill || stage == Stage::decode_step) add_edge();
    }

    void step_edge(int step) noexcept override {
        if (next_edge_ <= step) add_edge();  // no pass was seen before it
    }

private:
    void restart() noexcept {
        edges_.clear();
        next_edge_ = 0;
        push(0);
    }
    void add_edge() noexcept {
        edges_.add(clock_in_use.load()());
        ++next_edge_;
        pop();
        push(next_edge_);
    }
    void push(int step) noexcept {
        pushed_ =
            cupti_.push_external(external_kind, external_base + static_cast<std::uint64_t>(step)) ==
            CUPTI_SUCCESS;
    }
    void pop() noexcept {
        std::uint64_t last = 0;
        if (pushed_) cupti_.pop_external(external_kind, &last);
        pushed_ = false;
    }

    const CuptiFunctions& cupti_;
    Edges& edges_;
    int next_edge_ = 0;
    bool pushed_ = false;
};

}  // namespace

struct CuptiSession::State {
    State(const CuptiOptions& chosen, const CuptiFunctions& functions)
        : options(chosen),
          cupti(functions),
          edges(chosen.max_steps),
          buffers(chosen.buffers, chosen.buffer_bytes),
          observer(cupti, edges) {}

    CuptiOptions options;
    CuptiFunctions cupti;
    Edges edges;
    ActivityBuffers buffers;
    EdgeObserver observer;
    CUpti_SubscriberHandle subscriber{};
    bool own_clock = false;  // CUPTI takes its timestamps from ours
    std::vector<CUpti_ActivityKind> enabled;
    std::string no_event_times;
    std::int64_t starved_before = 0;
    std::optional<StepAttribution> attribution;
    std::optional<ActivityRecords> records;
    std::optional<CuptiRecordReader> reader;
    std::mutex pass_mutex;  // never held while CUPTI is called
    bool in_pass = false;
    std::thread worker;

    // Sums up on the way. What comes between passes belongs to none.
    void work() {
        FilledBuffer filled;
        while (buffers.next(filled)) {
            {
                const std::lock_guard lock(pass_mutex);
                if (in_pass) {
                    attribution->know_edges(edges.known());
                    reader->read(filled);
                }
            }
            buffers.release(filled);
        }
    }

    CUptiResult attach() {
        if (const CUptiResult status = cupti.subscribe(&subscriber, ignore_callback, nullptr);
            status != CUPTI_SUCCESS)
            return status;
        // Before any kind is enabled: later, some records would be on another clock.
        own_clock = cupti.register_timestamps &&
                    cupti.register_timestamps(clock_for_cupti) == CUPTI_SUCCESS;
        buffers_in_use = &buffers;
        return cupti.register_callbacks(give_buffer, take_buffer);
    }

    CUptiResult enable_kinds() {
        for (const CUpti_ActivityKind kind : required_kinds) {
            if (const CUptiResult status = cupti.enable(kind); status != CUPTI_SUCCESS)
                return status;
            enabled.push_back(kind);
        }
        leave_out_cheap_calls(cupti);
        // Not in every version; the calls themselves tell most of it.
        if (options.synchronizations) enable_if_known(CUPTI_ACTIVITY_KIND_SYNCHRONIZATION);
        if (options.event_times) no_event_times = enable_event_times();
        // Yields nothing unless NVTX_INJECTION64_PATH named this libcupti when the process first
        // used NVTX.
        if (options.keep_records) enable_if_known(CUPTI_ACTIVITY_KIND_MARKER);
        return CUPTI_SUCCESS;
    }

    bool enable_if_known(CUpti_ActivityKind kind) {
        if (cupti.enable(kind) != CUPTI_SUCCESS) return false;
        enabled.push_back(kind);
        return true;
    }

    // Why there are none; empty: there are.
    std::string enable_event_times() {
        if (!reads_event_times || !cupti.enable_event_times)
            return "CUPTI gives the times of events from CUDA 13.0 on";
        if (const CUptiResult status = cupti.enable_event_times(1); status != CUPTI_SUCCESS)
            return cupti_reason(cupti, status);
        if (!enable_if_known(CUPTI_ACTIVITY_KIND_CUDA_EVENT))
            return "this CUPTI records no CUDA events";
        return {};
    }

    void disable_kinds() {
        for (const CUpti_ActivityKind kind : enabled) cupti.disable(kind);
        enabled.clear();
        if (options.event_times && cupti.enable_event_times) cupti.enable_event_times(0);
    }

    void prepare_pass() {
        const std::lock_guard lock(pass_mutex);
        in_pass = true;
        edges.clear();
        starved_before = buffers.starved();
        attribution.emplace(AttributionOptions{external_base});
        records.reset();
        if (options.keep_records) records.emplace().names.emplace_back();
        const Nanoseconds offset = own_clock ? Nanoseconds{} : steady_offset();
        reader.emplace(cupti, offset, *attribution, records ? &*records : nullptr);
    }

    std::int64_t dropped() {
        std::size_t records_dropped = 0;
        cupti.dropped_records(nullptr, 0, &records_dropped);
        const std::int64_t starved = buffers.starved() - starved_before;
        if (starved > 0 && buffers.count() < options.most_buffers)
            buffers.grow(std::min(buffers.count(), options.most_buffers - buffers.count()));
        // Without a buffer CUPTI drops records; should it not count them, one is known at least.
        return std::max(static_cast<std::int64_t>(records_dropped), starved);
    }
};

CuptiSession::CuptiSession(const CuptiOptions& options)
    : CuptiSession(options, load_cupti(), &steady_now) {}

CuptiSession::CuptiSession(const CuptiOptions& options, const CuptiFunctions& functions,
                           Nanoseconds (*now)()) {
    if (!functions.absent.empty()) {
        refused_ = functions.absent;
        return;
    }
    if (buffers_in_use) {
        refused_ = "a tracing session is open already";
        return;
    }
    std::uint32_t version = 0;
    if (functions.get_version(&version) == CUPTI_SUCCESS) version_ = std::to_string(version);
    warning_ = known_cupti_fault(version);
    clock_in_use = now;
    state_ = std::make_unique<State>(options, functions);
    if (const CUptiResult status = state_->attach(); status != CUPTI_SUCCESS) {
        refused_ = cupti_reason(functions, status);
        return;
    }
    state_->worker = std::thread([state = state_.get()] { state->work(); });
}

CuptiSession::~CuptiSession() {
    if (!state_) return;
    state_->disable_kinds();
    if (state_->worker.joinable()) {
        state_->cupti.flush_all(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
        state_->buffers.close();
        state_->worker.join();
    }
    if (state_->subscriber) state_->cupti.unsubscribe(state_->subscriber);
    // Without it the process stays slower than before.
    if (state_->subscriber && state_->cupti.finalize) state_->cupti.finalize();
    if (buffers_in_use == &state_->buffers) buffers_in_use = nullptr;
}

StageObserver& CuptiSession::observer() noexcept {
    if (!state_) return nobody_;
    return state_->observer;
}

bool CuptiSession::begin_pass() {
    if (!refused_.empty()) return false;
    state_->prepare_pass();
    const CUptiResult status = state_->enable_kinds();
    no_event_times_ = state_->no_event_times;
    if (status == CUPTI_SUCCESS) return true;
    refused_ = cupti_reason(state_->cupti, status);
    state_->disable_kinds();
    return false;
}

CuptiPass CuptiSession::end_pass() {
    State& state = *state_;
    // No lock of ours is held here: CUPTI calls take_buffer from within.
    state.cupti.flush_all(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
    state.disable_kinds();
    state.buffers.wait_until_emptied();
    const std::int64_t dropped = state.dropped();
    const std::lock_guard lock(state.pass_mutex);
    state.in_pass = false;
    state.attribution->know_edges(state.edges.known());
    state.attribution->add_dropped(dropped);
    CuptiPass pass{state.attribution->finish(), std::move(state.records)};
    if (pass.records) pass.records->dropped = dropped;
    return pass;
}

}  // namespace decodemeter
