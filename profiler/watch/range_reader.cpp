#include "profiler/watch/range_reader.hpp"

#include <algorithm>

namespace decodemeter {

namespace {

std::optional<Stage> stage_of(std::string_view name) {
    const auto found = std::find(stage_names.begin(), stage_names.end(), name);
    const auto stage = static_cast<Stage>(found - stage_names.begin());
    if (found == stage_names.end() || stage == Stage::preprocess) return std::nullopt;
    return stage;
}

std::size_t index_of(Stage stage) { return static_cast<std::size_t>(stage); }

}  // namespace

void RangeReader::push(const RangeLane& lane, std::string_view name) { stacks_[lane].push_back(begin(lane, name)); }

void RangeReader::pop(const RangeLane& lane) {
    auto& stack = stacks_[lane];
    if (stack.empty()) return;  // pushed before we were there
    const std::optional<Stage> stage = stack.back();
    stack.pop_back();
    close({lane, stage});
}

void RangeReader::start(std::uint64_t range, const RangeLane& lane, std::string_view name) {
    if (const std::optional<Stage> stage = begin(lane, name)) ranges_[range] = {lane, stage};
}

void RangeReader::end(std::uint64_t range) {
    const auto found = ranges_.extract(range);
    if (!found.empty()) close(found.mapped());
}

void RangeReader::finish() {
    if (in_sample_) end_sample(steps_);
}

std::optional<Stage> RangeReader::begin(const RangeLane& lane, std::string_view name) {
    const std::optional<Stage> stage = stage_of(name);
    if (!stage || (in_sample_ && lane.thread != thread_)) return std::nullopt;
    if (*stage == Stage::generate) {
        if (in_sample_ && enclosed_) return std::nullopt;  // a generate() within another is part of it
        finish();
        begin_sample(lane, true);
        return stage;
    }
    if (in_sample_ && starts_anew(*stage)) finish();
    if (!in_sample_) begin_sample(lane, false);
    const bool first = !std::exchange(begun_[index_of(*stage)], true);
    // A stage in several ranges lasts from the start of the first to the end of the last.
    if (first) observer_.begin(*stage, *stage == Stage::decode_step ? 1 : 0);
    return stage;
}

// Without a range around it, a sample ends where the next one's prefill begins.
bool RangeReader::starts_anew(Stage stage) const noexcept {
    if (enclosed_ || stage == Stage::decode_step) return false;
    return begun_[index_of(Stage::decode_step)] || begun_[index_of(Stage::prefill)];
}

void RangeReader::close(const Open& range) {
    if (!range.stage || !in_sample_ || range.lane.thread != thread_) return;
    if (*range.stage == Stage::decode_step) {
        observer_.end(Stage::decode_step, ++steps_);
    } else if (*range.stage == Stage::generate) {
        const bool one_too_many = own_domain_ == range.lane.domain && begun_[index_of(Stage::decode_step)];
        end_sample(steps_ - one_too_many);
    } else {
        observer_.end(*range.stage, 0);
    }
}

void RangeReader::begin_sample(const RangeLane& lane, bool enclosed) {
    in_sample_ = true;
    enclosed_ = enclosed;
    thread_ = lane.thread;
    begun_ = {};
    steps_ = 0;
    listener_.begins();
    observer_.begin(Stage::generate, 0);
}

void RangeReader::end_sample(int steps) {
    in_sample_ = false;
    observer_.end(Stage::generate, 0);
    listener_.ended(steps, enclosed_);
}

}  // namespace decodemeter
