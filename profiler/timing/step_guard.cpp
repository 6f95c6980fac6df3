#include "profiler/timing/step_guard.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "profiler/statistics/slow_steps.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t places_kept = 10;

bool has_flag(const SampleRecord& record, std::string_view flag) {
    return std::find(record.flags.begin(), record.flags.end(), flag) != record.flags.end();
}

// Keys that step s attends to, its own included; 0 where the prompt's length is not known.
int length_at(const SampleRecord& record, int step) {
    return record.prompt_tokens > 0 ? record.prompt_tokens + step : 0;
}

}  // namespace

std::string StepGuard::cause_of(const SampleRecord& record, int step) const {
    if (has_flag(record, "clock_fell") || has_flag(record, "throttled")) return "clock_fell";
    if (has_flag(record, "allocator_grew")) return "allocator_grew";
    const int length = length_at(record, step);
    return length > 0 && !lengths_.contains(length) ? "first_use_of_length" : "unknown";
}

void StepGuard::check(SampleRecord& record) {
    const std::vector<SlowStep> slow = slow_steps(record.T_decode_per_step);
    if (!slow.empty()) {
        ++records_;
        steps_ += static_cast<std::int64_t>(slow.size());
        record.flags.push_back(slow_step_flag + cause_of(record, slow.front().step));
    }
    for (const SlowStep& one : slow) {
        if (places_.size() == places_kept) break;
        places_.push_back({record.key, one.step, one.ratio, cause_of(record, one.step)});
    }
    for (int step = 1; step <= static_cast<int>(record.T_decode_per_step.size()); ++step)
        lengths_.insert(length_at(record, step));
}

std::string slow_step_line(const SlowStepPlace& place) {
    return fmt::format("{}, step {}: {:.1f} x the median of its request, cause: {}", place.key,
                       place.step, place.ratio, place.cause);
}

std::vector<std::string> slow_step_lines(const StepGuard& guard) {
    if (guard.steps() == 0) return {};
    std::vector<std::string> lines = {fmt::format(
        "slow steps: {} decode steps, in {} requests, took more than {:g} x the median of their "
        "request",
        guard.steps(), guard.records(), slow_step_ratio)};
    for (const SlowStepPlace& place : guard.places()) {
        lines.push_back("  " + slow_step_line(place));
    }
    return lines;
}

}  // namespace decodemeter
