// Buffers that a tracer fills on its threads and a worker empties on its own. All memory is there
// before a tracer runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace decodemeter {

struct FilledBuffer {
    std::uint8_t* data = nullptr;
    std::size_t bytes = 0;
};

class ActivityBuffers {
public:
    ActivityBuffers(std::size_t count, std::size_t bytes_each);

    std::size_t bytes_each() const noexcept { return bytes_each_; }
    std::size_t count() const noexcept { return storage_.size(); }

    // Makes `more` buffers. Not while a tracer runs, because it allocates.
    void grow(std::size_t more);

    // An empty buffer; null when all are in use, which is counted: the tracer then drops records.
    std::uint8_t* take() noexcept;
    std::int64_t starved() const noexcept { return starved_; }

    // Hands a taken buffer on to the worker, or back where it holds nothing.
    void complete(std::uint8_t* buffer, std::size_t bytes) noexcept;

    // For the worker: waits for a filled buffer. False after close(), when none is left.
    bool next(FilledBuffer& filled);
    // For the worker: done with it.
    void release(const FilledBuffer& filled) noexcept;

    // Waits until the worker has released all that was handed on.
    void wait_until_emptied();
    void close() noexcept;

private:
    std::size_t bytes_each_;
    std::vector<std::unique_ptr<std::uint8_t[]>> storage_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::uint8_t*> free_;
    std::vector<FilledBuffer> filled_;  // in the order of completion from first_filled_ on
    std::size_t first_filled_ = 0;
    std::size_t in_work_ = 0;
    bool closed_ = false;
    std::atomic<std::int64_t> starved_{0};
};

}  // namespace decodemeter
