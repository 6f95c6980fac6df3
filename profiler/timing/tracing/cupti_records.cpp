#include "profiler/timing/tracing/cupti_records.hpp"

#include <cupti_driver_cbid.h>
#include <cupti_runtime_cbid.h>

#include <cstddef>
#include <utility>

namespace decodemeter {

namespace {

// Newer structs are longer, but what is read here lies where it has been.
static_assert(offsetof(CUpti_ActivityOverhead, start) == offsetof(CUpti_ActivityOverhead3, start));
static_assert(offsetof(CUpti_ActivityOverhead, end) == offsetof(CUpti_ActivityOverhead3, end));
static_assert(offsetof(CUpti_ActivitySynchronization, start) ==
              offsetof(CUpti_ActivitySynchronization2, start));
static_assert(offsetof(CUpti_ActivityGraphTrace, graphId) ==
              offsetof(CUpti_ActivityGraphTrace2, graphId));

bool runtime_call_synchronizes(CUpti_CallbackId function) {
    switch (function) {
        case CUPTI_RUNTIME_TRACE_CBID_cudaDeviceSynchronize_v3020:
        case CUPTI_RUNTIME_TRACE_CBID_cudaThreadSynchronize_v3020:
        case CUPTI_RUNTIME_TRACE_CBID_cudaStreamSynchronize_v3020:
        case CUPTI_RUNTIME_TRACE_CBID_cudaStreamSynchronize_ptsz_v7000:
        case CUPTI_RUNTIME_TRACE_CBID_cudaEventSynchronize_v3020:
        case CUPTI_RUNTIME_TRACE_CBID_cudaMemcpy_v3020:
        case CUPTI_RUNTIME_TRACE_CBID_cudaMemcpy_ptds_v7000:
            return true;
        default:
            return false;
    }
}

bool driver_call_synchronizes(CUpti_CallbackId function) {
    switch (function) {
        case CUPTI_DRIVER_TRACE_CBID_cuCtxSynchronize:
        case CUPTI_DRIVER_TRACE_CBID_cuStreamSynchronize:
        case CUPTI_DRIVER_TRACE_CBID_cuStreamSynchronize_ptsz:
        case CUPTI_DRIVER_TRACE_CBID_cuEventSynchronize:
        case CUPTI_DRIVER_TRACE_CBID_cuMemcpyDtoH_v2:
        case CUPTI_DRIVER_TRACE_CBID_cuMemcpyDtoH_v2_ptds:
            return true;
        default:
            return false;
    }
}

std::string text_of(const char* text) { return text ? text : ""; }

template <class Record>
const Record& as(const CUpti_Activity& record) {
    return reinterpret_cast<const Record&>(record);
}

template <class Record>
DeviceActivity placed(const Record& record, DeviceWork work, const Interval& time) {
    DeviceActivity activity;
    activity.work = work;
    activity.time = time;
    activity.correlation = record.correlationId;
    activity.device = record.deviceId;
    activity.context = record.contextId;
    activity.stream = record.streamId;
    activity.graph = record.graphId;
    return activity;
}

}  // namespace

Interval CuptiRecordReader::interval(std::uint64_t start, std::uint64_t end) const {
    if (start == 0) return {};  // CUPTI could not take the time
    return {Nanoseconds(static_cast<std::int64_t>(start)) + offset_,
            Nanoseconds(static_cast<std::int64_t>(end)) + offset_};
}

void CuptiRecordReader::read(const FilledBuffer& buffer) {
    CUpti_Activity* record = nullptr;
    while (cupti_.next_record(buffer.data, buffer.bytes, &record) == CUPTI_SUCCESS) read(*record);
    attribution_.settle();
}

void CuptiRecordReader::read(const CUpti_Activity& record) {
    switch (record.kind) {
        case CUPTI_ACTIVITY_KIND_KERNEL:
        case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
            return read(as<CUpti_ActivityKernel9>(record));
        case CUPTI_ACTIVITY_KIND_MEMCPY:
            return read(as<CUpti_ActivityMemcpy5>(record));
        case CUPTI_ACTIVITY_KIND_MEMSET:
            return read(as<CUpti_ActivityMemset4>(record));
        case CUPTI_ACTIVITY_KIND_GRAPH_TRACE:
            return read(as<CUpti_ActivityGraphTrace>(record));
        case CUPTI_ACTIVITY_KIND_RUNTIME:
        case CUPTI_ACTIVITY_KIND_DRIVER:
            return read(as<CUpti_ActivityAPI>(record));
        case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION:
            return read(as<CUpti_ActivityExternalCorrelation>(record));
        case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION: {
            const auto& waited = as<CUpti_ActivitySynchronization>(record);
            // A stream that waits for an event keeps no host waiting.
            if (waited.type == CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT) return;
            return add_synchronization(interval(waited.start, waited.end));
        }
        case CUPTI_ACTIVITY_KIND_OVERHEAD: {
            const auto& overhead = as<CUpti_ActivityOverhead>(record);
            return add_overhead(interval(overhead.start, overhead.end));
        }
        case CUPTI_ACTIVITY_KIND_MARKER:
            return read(as<CUpti_ActivityMarker2>(record));
#if CUPTI_API_VERSION >= 130000
        case CUPTI_ACTIVITY_KIND_CUDA_EVENT: {
            const auto& event = as<CUpti_ActivityCudaEvent2>(record);
            if (event.deviceTimestamp == 0) return;
            return add(EventStamp{interval(event.deviceTimestamp, event.deviceTimestamp).start,
                                  event.correlationId, event.deviceId, event.contextId,
                                  event.streamId});
        }
#endif
        default:
            return;
    }
}

void CuptiRecordReader::read(const CUpti_ActivityKernel9& kernel) {
    DeviceActivity activity =
        placed(kernel, DeviceWork::kernel, interval(kernel.start, kernel.end));
    activity.graph_node = kernel.graphNodeId;
    if (kept_) activity.name = name_index(kernel.name);
    add(activity);
}

void CuptiRecordReader::read(const CUpti_ActivityMemcpy5& copy) {
    DeviceActivity activity = placed(copy, DeviceWork::memcpy, interval(copy.start, copy.end));
    activity.graph_node = copy.graphNodeId;
    activity.bytes = static_cast<std::int64_t>(copy.bytes);
    add(activity);
}

void CuptiRecordReader::read(const CUpti_ActivityMemset4& fill) {
    DeviceActivity activity = placed(fill, DeviceWork::memset, interval(fill.start, fill.end));
    activity.graph_node = fill.graphNodeId;
    activity.bytes = static_cast<std::int64_t>(fill.bytes);
    add(activity);
}

void CuptiRecordReader::read(const CUpti_ActivityGraphTrace& graph) {
    add(placed(graph, DeviceWork::graph, interval(graph.start, graph.end)));
}

void CuptiRecordReader::read(const CUpti_ActivityAPI& call) {
    ApiCall made;
    made.time = interval(call.start, call.end);
    made.correlation = call.correlationId;
    made.thread = call.threadId;
    made.function = call.cbid;
    made.driver = call.kind == CUPTI_ACTIVITY_KIND_DRIVER;
    made.synchronizes =
        made.driver ? driver_call_synchronizes(call.cbid) : runtime_call_synchronizes(call.cbid);
    attribution_.add(made);
    if (kept_) kept_->calls.push_back(made);
}

void CuptiRecordReader::read(const CUpti_ActivityExternalCorrelation& link) {
    if (link.externalKind != CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0) return;
    const ExternalLink made{link.correlationId, link.externalId};
    attribution_.add(made);
    if (kept_) kept_->links.push_back(made);
}

// A range is two records, of its start and of its end; one of the two may lie outside the pass.
void CuptiRecordReader::read(const CUpti_ActivityMarker2& marker) {
    if (!kept_) return;
    const Nanoseconds time = interval(marker.timestamp, marker.timestamp).start;
    if (marker.flags & CUPTI_ACTIVITY_FLAG_MARKER_START) {
        NamedRange& range = open_ranges_[marker.id];
        range = {{time, time},
                 marker.objectId.pt.threadId,
                 text_of(marker.name),
                 text_of(marker.domain)};
    } else if (marker.flags & CUPTI_ACTIVITY_FLAG_MARKER_END) {
        auto range = open_ranges_.extract(marker.id);
        if (range.empty()) return;
        range.mapped().time.end = time;
        kept_->ranges.push_back(std::move(range.mapped()));
    }
}

void CuptiRecordReader::add(const EventStamp& event) {
    attribution_.add(event);
    if (kept_) kept_->events.push_back(event);
}

void CuptiRecordReader::add(const DeviceActivity& activity) {
    attribution_.add(activity);
    if (kept_) kept_->device.push_back(activity);
}

void CuptiRecordReader::add_synchronization(const Interval& time) {
    attribution_.add_synchronization(time);
    if (kept_) kept_->synchronizations.push_back(time);
}

void CuptiRecordReader::add_overhead(const Interval& time) {
    attribution_.add_overhead(time);
    if (kept_) kept_->overheads.push_back(time);
}

std::uint32_t CuptiRecordReader::name_index(const char* name) {
    if (!name) return 0;
    const auto [found, added] =
        names_.try_emplace(name, static_cast<std::uint32_t>(kept_->names.size()));
    if (added) kept_->names.emplace_back(name);
    return found->second;
}

}  // namespace decodemeter
