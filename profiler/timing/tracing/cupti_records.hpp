// CUPTI's records in our terms. Included by sources that are built with CUPTI only.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "profiler/timing/tracing/activity_buffers.hpp"
#include "profiler/timing/tracing/cupti_functions.hpp"
#include "profiler/timing/tracing/step_attribution.hpp"

namespace decodemeter {

// Whether the headers that this was built with know the device times of CUDA events.
inline constexpr bool reads_event_times = CUPTI_API_VERSION >= 130000;

// Reads buffers and hands each record to the attribution, and to `kept` where records are kept.
class CuptiRecordReader {
public:
    // `offset` is added to CUPTI's timestamps to have them on the steady clock.
    CuptiRecordReader(const CuptiFunctions& cupti, Nanoseconds offset, StepAttribution& attribution,
                      ActivityRecords* kept)
        : cupti_(cupti), offset_(offset), attribution_(attribution), kept_(kept) {}

    void read(const FilledBuffer& buffer);

private:
    void read(const CUpti_Activity& record);
    void read(const CUpti_ActivityKernel9& kernel);
    void read(const CUpti_ActivityMemcpy5& copy);
    void read(const CUpti_ActivityMemset4& fill);
    void read(const CUpti_ActivityGraphTrace& graph);
    void read(const CUpti_ActivityAPI& call);
    void read(const CUpti_ActivityExternalCorrelation& link);
    void read(const CUpti_ActivityMarker2& marker);
    void add(const DeviceActivity& activity);
    void add(const EventStamp& event);
    void add_synchronization(const Interval& time);
    void add_overhead(const Interval& time);
    Interval interval(std::uint64_t start, std::uint64_t end) const;
    std::uint32_t name_index(const char* name);

    const CuptiFunctions& cupti_;
    Nanoseconds offset_;
    StepAttribution& attribution_;
    ActivityRecords* kept_;
    std::unordered_map<std::uint32_t, NamedRange> open_ranges_;  // by CUPTI's number of them
    std::unordered_map<const char*, std::uint32_t> names_;  // CUPTI keeps one copy of each name
};

}  // namespace decodemeter
