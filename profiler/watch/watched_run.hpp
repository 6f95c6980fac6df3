// A program that is watched from within its process: its ranges become marks, and each generate() a record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "profiler/record/record_store.hpp"
#include "profiler/timing/cupti_session.hpp"
#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/recorded_gpu.hpp"
#include "profiler/timing/timeline.hpp"
#include "profiler/watch/process_cuda.hpp"
#include "profiler/watch/range_reader.hpp"
#include "profiler/watch/watch_settings.hpp"

namespace decodemeter {

// Not for several threads at once. Functions throw what the store throws; nothing is written before the first sample.
class WatchedRun {
public:
    explicit WatchedRun(WatchSettings settings);

    RangeReader& ranges() noexcept { return reader_; }

    // What the program says of the sample that is open, or of the next one.
    void mark(const std::string& message);

    // At the end of the process: the last sample, and all records to the disk. CUPTI stays as it is.
    void finish();

private:
    void begin_sample();
    void end_sample(int steps, bool enclosed);
    void open();
    SampleRecord make_record(int steps, bool enclosed);
    void add_pass(SampleRecord& record, std::size_t steps);

    WatchSettings settings_;
    WatchSettings sample_;  // the settings, and what the sample says of itself
    Timeline<> timeline_;
    ObserverGroup observers_;
    RangeReader reader_;

    // From the first sample on.
    std::optional<RecordStore> store_;
    std::optional<ProcessCuda> cuda_;
    std::optional<RecordedGpu> gpu_;
    std::optional<CuptiSession> cupti_;
    std::string no_passes_;  // why there are none
    bool in_pass_ = false;
    std::int64_t next_id_ = 0;
};

}  // namespace decodemeter
