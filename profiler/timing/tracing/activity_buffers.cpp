#include "profiler/timing/tracing/activity_buffers.hpp"

#include <cstring>

namespace decodemeter {

ActivityBuffers::ActivityBuffers(std::size_t count, std::size_t bytes_each)
    : bytes_each_(bytes_each) {
    grow(count);
}

void ActivityBuffers::grow(std::size_t more) {
    const std::lock_guard lock(mutex_);
    const std::size_t count = storage_.size() + more;
    free_.reserve(count);
    // Buffers go round: no more of them can wait at once than there are. Twice that, because places
    // are taken back only when all are.
    filled_.reserve(2 * count);
    while (storage_.size() < count) {
        // new[] aligns to 16 bytes, records want 8. Written to once, so that no page is mapped
        // while timing.
        storage_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(bytes_each_));
        std::memset(storage_.back().get(), 0, bytes_each_);
        free_.push_back(storage_.back().get());
    }
}

std::uint8_t* ActivityBuffers::take() noexcept {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
        ++starved_;
        return nullptr;
    }
    std::uint8_t* const buffer = free_.back();
    free_.pop_back();
    return buffer;
}

void ActivityBuffers::complete(std::uint8_t* buffer, std::size_t bytes) noexcept {
    if (!buffer) return;
    {
        const std::lock_guard lock(mutex_);
        if (bytes == 0) {
            free_.push_back(buffer);
            return;
        }
        if (filled_.size() == filled_.capacity()) {
            filled_.erase(filled_.begin(),
                          filled_.begin() + static_cast<std::ptrdiff_t>(first_filled_));
            first_filled_ = 0;
        }
        filled_.push_back({buffer, bytes});
    }
    changed_.notify_all();
}

bool ActivityBuffers::next(FilledBuffer& filled) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || first_filled_ < filled_.size(); });
    if (first_filled_ == filled_.size()) return false;
    filled = filled_[first_filled_++];
    if (first_filled_ == filled_.size()) {
        filled_.clear();
        first_filled_ = 0;
    }
    ++in_work_;
    return true;
}

void ActivityBuffers::release(const FilledBuffer& filled) noexcept {
    {
        const std::lock_guard lock(mutex_);
        free_.push_back(filled.data);
        --in_work_;
    }
    changed_.notify_all();
}

void ActivityBuffers::wait_until_emptied() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return in_work_ == 0 && first_filled_ == filled_.size(); });
}

void ActivityBuffers::close() noexcept {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_all();
}

}  // namespace decodemeter
