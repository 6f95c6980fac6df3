#include "profiler/watch/range_reader.hpp"

#include <algorithm>

namespace decodemeter {

namespace {

constexpr auto decode_step = static_cast<std::size_t>(Stage::decode_step);
constexpr auto prefill = static_cast<std::size_t>(Stage::prefill);

std::optional<Stage> stage_of(std::string_view name) {
    const auto found = std::find(stage_names.begin(), stage_names.end(), name);
    const auto stage = static_cast<Stage>(found - stage_names.begin());
    if (found == stage_names.end() || stage == Stage::preprocess) return std::nullopt;
    return stage;
}

}  // namespace

int RangeReader::push(RangeDomain domain, std::string_view name) {
    const Open range = open(domain, name);
    auto& stack = stacks_[domain];
    stack.push_back(range);
    return static_cast<int>(stack.size()) - 1;
}

int RangeReader::pop(RangeDomain domain) {
    auto& stack = stacks_[domain];
    if (stack.empty()) return 0;  // pushed before we were there, or never
    const Open range = stack.back();
    stack.pop_back();
    close(range);
    return static_cast<int>(stack.size());
}

bool RangeReader::start(std::uint64_t range, RangeDomain domain, std::string_view name) {
    const Open opened = open(domain, name);
    if (opened.stage) ranges_[range] = opened;
    return opened.stage.has_value();
}

void RangeReader::end(std::uint64_t range) {
    const auto found = ranges_.extract(range);
    if (!found.empty()) close(found.mapped());
}

void RangeReader::finish() {
    if (in_sample_) end_sample(EndedBy::finish, ended_[decode_step]);
    generate_.reset();
}

RangeReader::Open RangeReader::open(RangeDomain domain, std::string_view name) {
    const std::optional<Stage> stage = stage_of(name);
    if (!stage) return {domain, std::nullopt, 0};
    if (*stage == Stage::generate) {
        const bool within =
            generate_ && !has_begun(Stage::prefill) && !has_begun(Stage::decode_step);
        if (within) return {domain, std::nullopt, 0};
        open_generate();
    } else {
        open_stage(*stage);
    }
    return {domain, stage, sample_};
}

void RangeReader::open_generate() {
    finish();
    begin_sample();
    generate_ = sample_;
}

void RangeReader::open_stage(Stage stage) {
    const bool anew = in_sample_ && stage != Stage::decode_step &&
                      (has_begun(Stage::decode_step) || (!generate_ && has_begun(Stage::prefill)));
    if (anew) end_sample(EndedBy::next_stage, ended_[decode_step]);
    if (!in_sample_) begin_sample();
    const bool first = ++begun_[static_cast<std::size_t>(stage)] == 1;
    if (first && stage == Stage::decode_step) begin_decoding();
    observer_.begin(stage);
}

void RangeReader::begin_decoding() {
    const bool prefill_ended = has_begun(Stage::prefill) && begun_[prefill] == ended_[prefill];
    if (prefill_ended) return;  // edge 0 was its end
    if (has_begun(Stage::prefill)) observer_.end(Stage::prefill);
    observer_.step_edge(0);
}

void RangeReader::close(const Open& range) {
    if (!range.stage || !in_sample_) return;
    if (*range.stage == Stage::generate) {
        if (generate_ != range.sample) return;  // was left open, and is over
        end_sample(EndedBy::generate, ended_[decode_step]);
        generate_.reset();
    } else if (range.sample == sample_) {
        close_stage(*range.stage);
    }
}

void RangeReader::close_stage(Stage stage) {
    const int ended = ++ended_[static_cast<std::size_t>(stage)];
    // A prefill that is open when decoding begins has ended then.
    if (stage == Stage::prefill && has_begun(Stage::decode_step)) return;
    observer_.end(stage);
    if (stage == Stage::decode_step) observer_.step_edge(ended);
    if (stage == Stage::prefill) observer_.step_edge(0);
}

void RangeReader::begin_sample() {
    ++sample_;
    begun_ = ended_ = {};
    listener_.begins();
    in_sample_ = true;
    observer_.begin(Stage::generate);
}

void RangeReader::end_sample(EndedBy reason, int steps) {
    in_sample_ = false;
    observer_.end(Stage::generate);
    const bool seen = ended_[prefill] + ended_[decode_step] > 0;
    const bool abandoned = reason == EndedBy::finish && generate_;
    listener_.ended({steps, reason == EndedBy::generate, ended_[prefill] > 0,
                     seen && begun_ == ended_ && !abandoned});
}

}  // namespace decodemeter
