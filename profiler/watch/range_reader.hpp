// One thread's NVTX ranges, by their names, as the marks of one generate() after another. Pure.
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

#include "profiler/stage/stage_observer.hpp"

namespace decodemeter {

// A domain of NVTX, by any number; each has a stack of ranges of its own. 0 is the default one.
using RangeDomain = std::uint64_t;

struct WatchedSample {
    int steps = 0;          // that were seen to their end
    bool enclosed = false;  // by a range `generate`, whose end is the sample's
    bool prefill = false;   // one was seen, so that edge 0 is the first token
    bool whole = false;     // a prefill or a step was seen, and nothing that the sample consists of
                            // was left open
};

// Note [Ranges as stages]
// Ranges with the names of the stages (generate, vision_encoder, projector, prefill, decode_step)
// are read, others are passed over; preprocessing is no part of generate(). A sample begins with
// the range `generate` and ends with it. Where a program has none, it begins with the first stage
// and ends when the next prefill, or what comes before one, begins, or when the thread ends. A new
// prefill after decode steps is a new sample within `generate` too.
//
// Step 1 begins at the end of the last range prefill; each end of a range decode_step is the next
// edge. What a program does between two passes (sampling, stopping rules, preparing inputs) so lies
// inside the later step, in step 1 as in every other. Where a sample has no prefill, step 1 begins
// with its first range decode_step.
//
// A range that is never closed, as where an exception passes by, makes its sample not whole: a
// `generate` that begins in one that has a prefill already is not within it but after it.
struct SampleListener {
    std::function<void()> begins;
    std::function<void(const WatchedSample&)> ended;
};

class RangeReader {
public:
    // `observer` gets the marks between begins() and ended().
    RangeReader(StageObserver& observer, SampleListener listener)
        : observer_(observer), listener_(std::move(listener)) {}

    // Ranges on a stack. Both return how deep it is outside of the range.
    int push(RangeDomain domain, std::string_view name);
    int pop(RangeDomain domain);
    // Ranges that end where they like, by their number.
    // start() returns whether it is one to be read, so that its end matters.
    bool start(std::uint64_t range, RangeDomain domain, std::string_view name);
    void end(std::uint64_t range);

    // Whether a sample has begun that no range encloses.
    bool in_bare_sample() const noexcept { return in_sample_ && !generate_; }

    // Ends the sample that is open, at the end of its thread or where it is known to be over.
    void finish();

private:
    struct Open {
        RangeDomain domain = 0;
        std::optional<Stage> stage;  // none: not ours to read
        std::uint64_t sample = 0;    // in which it was opened
    };

    Open open(RangeDomain domain, std::string_view name);
    void open_generate();
    void open_stage(Stage stage);
    void begin_decoding();
    void close(const Open& range);
    void close_stage(Stage stage);
    void begin_sample();
    enum class EndedBy { generate, next_stage, finish };
    void end_sample(EndedBy reason, int steps);
    bool has_begun(Stage stage) const noexcept {
        return begun_[static_cast<std::size_t>(stage)] > 0;
    }

    StageObserver& observer_;
    SampleListener listener_;
    std::map<RangeDomain, std::vector<Open>> stacks_;
    std::unordered_map<std::uint64_t, Open> ranges_;

    bool in_sample_ = false;
    std::uint64_t sample_ = 0;               // counts them
    std::optional<std::uint64_t> generate_;  // the sample that the open range `generate` began with
    std::array<int, stage_count> begun_{};
    std::array<int, stage_count> ended_{};
};

}  // namespace decodemeter
