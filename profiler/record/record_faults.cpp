#include "profiler/record/record_faults.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace decodemeter {

namespace {

// Times are written with all their digits; what is left is the rounding of sums, and of float32
// event times.
bool differ(double a, double b) { return std::fabs(a - b) > 1e-3 + 1e-4 * std::fabs(b); }

// Eleven days: no request takes as long, and sums of such times lose the milliseconds.
constexpr double longest_ms = 1e9;

bool has_endless_time(const SampleRecord& record) {
    const auto endless = [](double time) { return time > longest_ms; };
    const auto& steps = record.T_decode_per_step;
    return endless(record.T_vision_total) || endless(record.T_LLM_prefill) ||
           endless(record.T_LLM_decode) || endless(record.T_total) ||
           std::any_of(steps.begin(), steps.end(), endless);
}

bool steps_add_up(const SampleRecord& record) {
    const auto& steps = record.T_decode_per_step;
    if (steps.empty()) return true;  // a record of totals
    return !differ(std::accumulate(steps.begin(), steps.end(), 0.0), record.T_LLM_decode);
}

bool step_count_is_right(const SampleRecord& record) {
    const auto& steps = record.T_decode_per_step;
    return steps.empty() || steps.size() == static_cast<std::size_t>(record.decode_steps());
}

void check_native(const SampleRecord& record, std::vector<std::string>& faults) {
    if (!steps_add_up(record)) faults.push_back("the steps do not add up to T_LLM_decode");
    if (differ(record.decode_end_ms - record.decode_start_ms, record.T_LLM_decode))
        faults.push_back("T_LLM_decode is not decode_end_ms - decode_start_ms");
    const double parts = record.T_vision_total + record.T_LLM_prefill + record.T_LLM_decode;
    if (parts > 1.005 * record.T_total + 0.1)
        faults.push_back("the stages take longer than T_total");
}

void check_busy(const SampleRecord& record, std::vector<std::string>& faults) {
    if (!record.cupti || !record.clocks || !record.clocks->busy_ms) return;
    const auto& busy = *record.clocks->busy_ms;
    const auto& span = record.cupti->span_ms;
    for (std::size_t i = 0; i < std::min(busy.size(), span.size()); ++i) {
        if (busy[i] <= 1.001 * span[i] + 1e-3) continue;
        faults.push_back("a step is busy for longer than its span");
        return;
    }
}

}  // namespace

std::vector<std::string> impossible_values(const SampleRecord& record) {
    std::vector<std::string> faults;
    const auto& steps = record.T_decode_per_step;
    if (!step_count_is_right(record)) faults.emplace_back(wrong_step_count);
    if (std::any_of(steps.begin(), steps.end(), [](double step) { return step <= 0; }))
        faults.push_back("a step takes no time");
    if (has_endless_time(record)) faults.push_back("a time of more than eleven days");
    if (record.output_tokens == 1 && record.T_LLM_decode > 0)
        faults.push_back("decode time without a step");
    if (record.content_tokens > record.output_tokens)
        faults.push_back("content_tokens above output_tokens");
    if (record.format == RecordFormat::native) check_native(record, faults);
    check_busy(record, faults);
    if (record.cupti && record.cupti->events_misplaced > 0)
        faults.push_back("a step's work lies outside of the CUDA events at its edges");
    return faults;
}

bool has_broken_edges(const SampleRecord& record) {
    if (!step_count_is_right(record)) return true;
    if (record.format != RecordFormat::native) return false;
    std::vector<std::string> faults;
    check_native(record, faults);
    return !faults.empty();
}

bool has_zero_decode(const SampleRecord& record) noexcept {
    return record.output_tokens >= 2 && record.T_LLM_decode <= 0;
}

bool is_throttled(const SampleRecord& record) noexcept {
    const auto tagged = [](const std::string& flag) {
        return flag.find("throttle") != std::string::npos;
    };
    return (record.gpu && !record.gpu->throttle.empty()) ||
           std::any_of(record.flags.begin(), record.flags.end(), tagged);
}

bool has_losses(const SampleRecord& record) noexcept {
    if (!record.cupti) return false;
    const CuptiSummary& cupti = *record.cupti;
    return cupti.dropped + cupti.zero_timestamps + cupti.unmatched + cupti.overlapping +
               cupti.link_disagreements >
           0;
}

}  // namespace decodemeter
