// The API calls of a generate(), found by their correlation id. Used by step_attribution.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "profiler/timing/tracing/intervals.hpp"

namespace decodemeter {

struct Launch {
    Interval time;
    std::int32_t step = -1;           // by the time of the call; -1: call not seen
    std::int32_t external_step = -1;  // by the external id; -1: none seen

    bool called() const noexcept { return step >= 0; }
};

// Correlation ids come in order and nearly without gaps, so pages of them are dense.
class LaunchTable {
public:
    Launch& operator[](std::uint32_t correlation) {
        Page& page = page_of(correlation);
        return page.launches[correlation % page_size];
    }

    const Launch* find(std::uint32_t correlation) const {
        const auto found = pages_.find(correlation / page_size);
        return found == pages_.end() ? nullptr : &found->second->launches[correlation % page_size];
    }

    // Forgets pages that hold calls of steps before `step` only.
    void forget_before(std::int32_t step) {
        std::erase_if(pages_, [&](const auto& entry) {
            const auto& launches = entry.second->launches;
            return std::all_of(launches.begin(), launches.end(), [&](const Launch& launch) {
                return launch.step < step && launch.external_step < step;
            });
        });
        last_ = nullptr;
    }

private:
    static constexpr std::uint32_t page_size = 1024;
    struct Page {
        std::array<Launch, page_size> launches;
    };

    Page& page_of(std::uint32_t correlation) {
        const std::uint32_t number = correlation / page_size;
        if (last_ && last_number_ == number) return *last_;
        std::unique_ptr<Page>& page = pages_[number];
        if (!page) page = std::make_unique<Page>();
        last_ = page.get();
        last_number_ = number;
        return *last_;
    }

    std::unordered_map<std::uint32_t, std::unique_ptr<Page>> pages_;
    Page* last_ = nullptr;
    std::uint32_t last_number_ = 0;
};

}  // namespace decodemeter
