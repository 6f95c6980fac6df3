// One thread of a watched program: its ranges become marks, and each generate() a record.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "profiler/record/sample_record.hpp"
#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/timeline.hpp"
#include "profiler/watch/range_reader.hpp"
#include "profiler/watch/watch_settings.hpp"
#include "profiler/watch/watched_run.hpp"

namespace decodemeter {

// Its functions throw what the run's throw. Their caller holds `mutex`, because another thread may
// end a numbered range.
class WatchedThread {
public:
    explicit WatchedThread(WatchedRun& run);
    WatchedThread(const WatchedThread&) = delete;
    WatchedThread& operator=(const WatchedThread&) = delete;

    std::mutex mutex;

    RangeReader& ranges() noexcept { return reader_; }

    // What the program says of the sample that is open; of the next one where none is, or where no
    // range encloses it. Throws InputError for a mark that is meant for us, but broken.
    void mark(const std::string& message);

private:
    void begin_sample();
    void end_sample(const WatchedSample& seen);
    GenerateTrace trace_of(const WatchedSample& seen, SampleRecord& record);

    WatchedRun& run_;
    WatchSettings sample_;  // the run's settings, and what the sample says of itself
    Timeline<> timeline_;
    ObserverGroup observers_;
    RangeReader reader_;
    bool with_events_ = false;
    DeviceUse use_ = DeviceUse::none;
};

}  // namespace decodemeter
