// A program that is watched from within its process: what its threads share.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "profiler/record/store/record_store.hpp"
#include "profiler/timing/cuda_driver.hpp"
#include "profiler/timing/gpu_state/recorded_gpu.hpp"
#include "profiler/timing/step_guard.hpp"
#include "profiler/timing/tracing/cupti_session.hpp"
#include "profiler/watch/watch_report.hpp"
#include "profiler/watch/watch_settings.hpp"

namespace decodemeter {

// What a sample had to do with the device: nothing, its work was there, or was traced there too.
enum class DeviceUse { none, used, traced };

// For several threads. Nothing is written before the first sample has ended.
class WatchedRun {
public:
    explicit WatchedRun(WatchSettings settings);

    const WatchSettings& settings() const noexcept { return settings_; }
    const WatchReporter& reporter() const noexcept { return reporter_; }

    // The driver, where this thread has a context of it; what the process does not use is neither
    // loaded nor made.
    std::optional<CudaDriver> cuda_of_this_thread();

    // Before a sample that uses CUDA. The observer is null where it is not traced: not asked for,
    // refused, or while another thread's sample is.
    StageObserver* begin_device(const CudaDriver& driver);
    // After it: sets the GPU's state, and what was traced of the first `steps` steps.
    void end_device(SampleRecord& record, DeviceUse use, std::size_t steps);

    // Gives the record its number and key, and writes it. Throws what the store throws.
    void append(SampleRecord& record);

    // All records to the disk. CUPTI stays as it is, because the process is ending.
    void finish();

    // In a forked child: the results are the parent's, the lock on them too.
    void abandon() noexcept { store_.reset(); }

private:
    void open_store();

    WatchSettings settings_;
    WatchReporter reporter_;
    std::mutex mutex_;
    CudaDriver driver_;
    std::optional<RecordStore> store_;
    std::optional<RecordedGpu> gpu_;
    StepGuard guard_;
    std::optional<CuptiSession> cupti_;
    std::string no_passes_ = "the watched program did not use CUDA when the sample began";
    bool in_pass_ = false;
    std::int64_t next_id_ = 0;
};

}  // namespace decodemeter
