// A CUPTI that records what a simulated generate() did. Its functions are plain C, so its state is
// one object.
#pragma once

#include <cstring>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "profiler/stage/stage_observer.hpp"
#include "profiler/timing/tracing/cupti_functions.hpp"
#include "tests/timing/simulated_generate.hpp"

namespace decodemeter::test {

struct FakeCupti {
    CUptiResult subscribe_status = CUPTI_SUCCESS;
    CUptiResult enable_status = CUPTI_SUCCESS;
    std::uint32_t version = 130001;
    bool subscribed = false;
    bool event_times = false;
    int finalized = 0;
    std::size_t dropped = 0;
    std::set<CUpti_ActivityKind> enabled;
    std::set<CUpti_CallbackId> runtime_calls_left_out;
    std::set<CUpti_CallbackId> driver_calls_left_out;
    std::vector<std::uint64_t> external_ids;  // that are pushed now
    std::size_t most_pushed = 0;
    Nanoseconds now{};
    CUpti_BuffersCallbackRequestFunc request = nullptr;
    CUpti_BuffersCallbackCompleteFunc complete = nullptr;

    // Writes records as CUPTI does: one buffer after the other, what does not fit goes into the
    // next.
    template <class Record>
    void emit(const Record& record) {
        if (left_ < sizeof record) {
            hand_over();
            std::size_t records = 0;
            request(&buffer_, &left_, &records);
            size_ = left_;
            if (!buffer_) {
                ++dropped;
                left_ = 0;
                return;
            }
        }
        std::memcpy(buffer_ + (size_ - left_), &record, sizeof record);
        left_ -= sizeof record;
    }

    void hand_over() {
        if (buffer_) complete(nullptr, 0, buffer_, size_, size_ - left_);
        buffer_ = nullptr;
        left_ = 0;
    }

private:
    std::uint8_t* buffer_ = nullptr;
    std::size_t size_ = 0;
    std::size_t left_ = 0;
};

inline FakeCupti& fake_cupti() {
    static FakeCupti fake;
    return fake;
}

inline Nanoseconds fake_now() { return fake_cupti().now; }

inline std::size_t record_size(const CUpti_Activity& record) {
    switch (record.kind) {
        case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
            return sizeof(CUpti_ActivityKernel9);
        case CUPTI_ACTIVITY_KIND_MEMCPY:
            return sizeof(CUpti_ActivityMemcpy5);
        case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION:
            return sizeof(CUpti_ActivityExternalCorrelation);
        case CUPTI_ACTIVITY_KIND_OVERHEAD:
            return sizeof(CUpti_ActivityOverhead3);
        case CUPTI_ACTIVITY_KIND_CUDA_EVENT:
            return sizeof(CUpti_ActivityCudaEvent2);
        case CUPTI_ACTIVITY_KIND_MARKER:
            return sizeof(CUpti_ActivityMarker2);
        default:
            return sizeof(CUpti_ActivityAPI);
    }
}

// A fresh fake and the functions that lead to it.
inline CuptiFunctions make_fake_cupti() {
    fake_cupti() = FakeCupti{};
    CuptiFunctions cupti;
    cupti.get_version = [](std::uint32_t* version) {
        return *version = fake_cupti().version, CUPTI_SUCCESS;
    };
    cupti.subscribe = [](CUpti_SubscriberHandle* handle, CUpti_CallbackFunc, void*) {
        const CUptiResult status = fake_cupti().subscribe_status;
        fake_cupti().subscribed = status == CUPTI_SUCCESS;
        if (fake_cupti().subscribed)
            *handle = reinterpret_cast<CUpti_SubscriberHandle>(&fake_cupti());
        return status;
    };
    cupti.unsubscribe = [](CUpti_SubscriberHandle) {
        return fake_cupti().subscribed = false, CUPTI_SUCCESS;
    };
    cupti.register_callbacks = [](CUpti_BuffersCallbackRequestFunc request,
                                  CUpti_BuffersCallbackCompleteFunc complete) {
        fake_cupti().request = request;
        fake_cupti().complete = complete;
        return CUPTI_SUCCESS;
    };
    cupti.register_timestamps = [](CUpti_TimestampCallbackFunc) { return CUPTI_SUCCESS; };
    cupti.enable = [](CUpti_ActivityKind kind) {
        // As CUPTI does: a kind that is enabled records all of its calls.
        if (kind == CUPTI_ACTIVITY_KIND_RUNTIME) fake_cupti().runtime_calls_left_out.clear();
        if (kind == CUPTI_ACTIVITY_KIND_DRIVER) fake_cupti().driver_calls_left_out.clear();
        if (fake_cupti().enable_status == CUPTI_SUCCESS) fake_cupti().enabled.insert(kind);
        return fake_cupti().enable_status;
    };
    cupti.disable = [](CUpti_ActivityKind kind) {
        return fake_cupti().enabled.erase(kind), CUPTI_SUCCESS;
    };
    cupti.flush_all = [](std::uint32_t) { return fake_cupti().hand_over(), CUPTI_SUCCESS; };
    cupti.enable_event_times = [](std::uint8_t enable) {
        fake_cupti().event_times = enable != 0;
        return CUPTI_SUCCESS;
    };
    cupti.enable_runtime_call = [](CUpti_CallbackId call, std::uint8_t enable) {
        if (!enable) fake_cupti().runtime_calls_left_out.insert(call);
        return CUPTI_SUCCESS;
    };
    cupti.enable_driver_call = [](CUpti_CallbackId call, std::uint8_t enable) {
        if (!enable) fake_cupti().driver_calls_left_out.insert(call);
        return CUPTI_SUCCESS;
    };
    cupti.finalize = [] { return ++fake_cupti().finalized, CUPTI_SUCCESS; };
    cupti.dropped_records = [](CUcontext, std::uint32_t, std::size_t* dropped) {
        *dropped = std::exchange(fake_cupti().dropped, 0);
        return CUPTI_SUCCESS;
    };
    cupti.push_external = [](CUpti_ExternalCorrelationKind, std::uint64_t id) {
        auto& ids = fake_cupti().external_ids;
        ids.push_back(id);
        fake_cupti().most_pushed = std::max(fake_cupti().most_pushed, ids.size());
        return CUPTI_SUCCESS;
    };
    cupti.pop_external = [](CUpti_ExternalCorrelationKind, std::uint64_t* last) {
        auto& ids = fake_cupti().external_ids;
        if (ids.empty()) return CUPTI_ERROR_QUEUE_EMPTY;
        *last = ids.back();
        ids.pop_back();
        return CUPTI_SUCCESS;
    };
    cupti.next_record = [](std::uint8_t* buffer, std::size_t bytes, CUpti_Activity** record) {
        std::uint8_t* next = buffer;
        if (*record) next = reinterpret_cast<std::uint8_t*>(*record) + record_size(**record);
        if (next >= buffer + bytes) return CUPTI_ERROR_MAX_LIMIT_REACHED;
        *record = reinterpret_cast<CUpti_Activity*>(next);
        return CUPTI_SUCCESS;
    };
    return cupti;
}

// Plays a simulated generate(): marks to the observer, records to the fake in the order of their
// end.
class Replay {
public:
    explicit Replay(const SimulatedGenerate& run) : run_(run) {}

    void operator()(StageObserver& observer) {
        FakeCupti& cupti = fake_cupti();
        cupti.now = run_.records.calls.front().time.start;
        observer.begin(Stage::generate);
        std::size_t edge = 0;
        std::size_t device = 0;
        for (const ApiCall& call : run_.records.calls) {
            for (; edge < run_.edges.size() && run_.edges[edge] <= call.time.start; ++edge)
                mark(observer, edge);
            emit(call);
            if (!cupti.external_ids.empty()) emit_link(call.correlation, cupti.external_ids.back());
            for (const EventStamp& event : run_.records.events) {
                if (event.correlation == call.correlation) emit(event);
            }
            const auto& all = run_.records.device;
            for (; device < all.size() && all[device].time.end <= call.time.end; ++device)
                emit(all[device]);
        }
        for (; edge < run_.edges.size(); ++edge) mark(observer, edge);
        observer.end(Stage::generate);
        for (; device < run_.records.device.size(); ++device) emit(run_.records.device[device]);
    }

private:
    void mark(StageObserver& observer, std::size_t edge) {
        fake_cupti().now = run_.edges[edge];
        observer.end(edge == 0 ? Stage::prefill : Stage::decode_step);
        observer.step_edge(static_cast<int>(edge));
    }

    static std::uint64_t count(Nanoseconds time) {
        return static_cast<std::uint64_t>(time.count());
    }

    static void emit(const ApiCall& call) {
        CUpti_ActivityAPI record{};
        record.kind = CUPTI_ACTIVITY_KIND_RUNTIME;
        // 131 is cudaStreamSynchronize, 211 cudaLaunchKernel.
        record.cbid = call.synchronizes ? 131 : 211;
        record.start = count(call.time.start);
        record.end = count(call.time.end);
        record.threadId = call.thread;
        record.correlationId = call.correlation;
        fake_cupti().emit(record);
    }

    static void emit_link(std::uint32_t correlation, std::uint64_t id) {
        CUpti_ActivityExternalCorrelation record{};
        record.kind = CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION;
        record.externalKind = CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0;
        record.externalId = id;
        record.correlationId = correlation;
        fake_cupti().emit(record);
    }

    static void emit(const DeviceActivity& activity) {
        if (activity.work == DeviceWork::memcpy) {
            CUpti_ActivityMemcpy5 record{};
            record.kind = CUPTI_ACTIVITY_KIND_MEMCPY;
            record.bytes = static_cast<std::uint64_t>(activity.bytes);
            return emit_placed(record, activity);
        }
        CUpti_ActivityKernel9 record{};
        record.kind = CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL;
        record.name = "a_kernel";
        emit_placed(record, activity);
    }

    static void emit(const EventStamp& event) {
        if (!fake_cupti().enabled.contains(CUPTI_ACTIVITY_KIND_CUDA_EVENT)) return;
        CUpti_ActivityCudaEvent2 record{};
        record.kind = CUPTI_ACTIVITY_KIND_CUDA_EVENT;
        record.correlationId = event.correlation;
        record.streamId = event.stream;
        record.deviceTimestamp = fake_cupti().event_times ? count(event.time) : 0;
        fake_cupti().emit(record);
    }

    template <class Record>
    static void emit_placed(Record& record, const DeviceActivity& activity) {
        record.start = count(activity.time.start);
        record.end = count(activity.time.end);
        record.streamId = activity.stream;
        record.correlationId = activity.correlation;
        record.graphId = activity.graph;
        fake_cupti().emit(record);
    }

    const SimulatedGenerate& run_;
};

}  // namespace decodemeter::test
