// A program's NVTX ranges, by their names, as the marks of one generate() after another. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profiler/timing/stage_observer.hpp"

namespace decodemeter {

// Where ranges nest: each thread has a stack of its own in each domain.
struct RangeLane {
    std::uint64_t thread = 0;
    std::uint64_t domain = 0;  // any number of the domain; 0: the default one

    auto operator<=>(const RangeLane&) const = default;
};

// Note [Ranges as stages]
// Ranges with the names of the stages (generate, vision_encoder, projector, prefill, decode_step) are read, others are
// passed over; preprocessing is no part of generate(). A sample begins with the range `generate` and ends with it.
// Where a program has none, it begins with the first stage and ends when the next prefill, or what comes before one,
// begins, or at finish(). While a sample is open only its thread counts.
//
// The start of step 1 is the start of the first range decode_step; each end of one is a step's edge. What a program
// does between two of them lies inside the later step, as everywhere in decodemeter.
struct SampleListener {
    std::function<void()> begins;
    // With the steps that were seen. `enclosed`: by a range `generate`, so that its end is marked.
    std::function<void(int steps, bool enclosed)> ended;
};

class RangeReader {
public:
    // `observer` gets the marks between begins() and ended().
    RangeReader(StageObserver& observer, SampleListener listener)
        : observer_(observer), listener_(std::move(listener)) {}

    // Ranges on a stack.
    void push(const RangeLane& lane, std::string_view name);
    void pop(const RangeLane& lane);
    // Ranges that end where they like, by their number.
    void start(std::uint64_t range, const RangeLane& lane, std::string_view name);
    void end(std::uint64_t range);

    // Ends the sample that no range ends.
    void finish();

    // decodemeter's own domain: the range decode_step that its generate ends is no step, because nobody knew that none
    // would come.
    void set_own_domain(std::uint64_t domain) noexcept { own_domain_ = domain; }

private:
    struct Open {
        RangeLane lane;
        std::optional<Stage> stage;  // none: not ours to read
    };

    std::optional<Stage> begin(const RangeLane& lane, std::string_view name);
    void close(const Open& range);
    void begin_sample(const RangeLane& lane, bool enclosed);
    void end_sample(int steps);
    bool starts_anew(Stage stage) const noexcept;

    StageObserver& observer_;
    SampleListener listener_;
    std::map<RangeLane, std::vector<std::optional<Stage>>> stacks_;
    std::unordered_map<std::uint64_t, Open> ranges_;
    std::optional<std::uint64_t> own_domain_;

    bool in_sample_ = false, enclosed_ = false;
    std::uint64_t thread_ = 0;
    std::array<bool, stage_count> begun_{};
    int steps_ = 0;
};

}  // namespace decodemeter
