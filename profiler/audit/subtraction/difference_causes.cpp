#include "profiler/audit/subtraction/difference_causes.hpp"

#include <array>
#include <cmath>

#include "profiler/statistics/rank_correlation.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

struct Terms {
    std::vector<double> vision;
    std::vector<double> prefill;
    std::vector<double> total;
    std::vector<double> rest;
    std::vector<double> clamping;
    std::vector<double> vision_ratio;

    void add(const SampleRecord& record, const DecodeTimes& times) {
        const SubtractionTimes& apart = *record.subtraction;
        vision.push_back(record.T_vision_total - apart.T_vision_total);
        prefill.push_back(record.T_LLM_prefill - apart.T_LLM_prefill);
        total.push_back(apart.T_total - record.T_total);
        rest.push_back(record.T_total - record.T_vision_total - record.T_LLM_prefill -
                       record.T_LLM_decode);
        clamping.push_back(times.subtraction_ms - times.signed_ms);
        if (record.T_vision_total > 0)
            vision_ratio.push_back(apart.T_vision_total / record.T_vision_total);
    }
};

DifferenceCause precision_cause(const Terms& terms) {
    const double ratio = terms.vision_ratio.empty() ? 1 : median(terms.vision_ratio);
    const bool likely = ratio > 1.4;
    return {"vision timed at another precision", std::nullopt,
            likely ? "likely: vision alone takes " + std::to_string(ratio).substr(0, 4) +
                         " times as long as inside generate(), as float32 against bfloat16 does"
                   : "not seen: vision alone takes about as long as inside generate()"};
}

DifferenceCause drift_cause(std::span<const DecodeTimes> times) {
    std::vector<double> order;
    std::vector<double> differences;
    for (const DecodeTimes& entry : times) {
        if (!entry.direct_ms) continue;
        order.push_back(static_cast<double>(order.size()));
        differences.push_back(entry.signed_ms - *entry.direct_ms);
    }
    const double spread = differences.empty() ? 0 : standard_deviation(differences);
    const Drift drift = find_drift(order, differences, 0.5 * spread);
    return {"clock drift between the runs", std::nullopt,
            drift.found
                ? "seen: the difference moves by " + std::to_string(drift.change).substr(0, 5) +
                      " ms from the first to the last sample"
                : "not seen: the difference does not move with time"};
}

std::vector<DifferenceCause> native_causes(std::span<const SampleRecord> records,
                                           std::span<const DecodeTimes> times) {
    Terms terms;
    for (const DecodeTimes& entry : times) terms.add(records[entry.record], entry);
    return {{"vision measured again", mean(terms.vision),
             "vision alone takes another time than inside generate()"},
            {"prefill taken as a difference", mean(terms.prefill),
             "two runs are subtracted to get it, so it carries the errors of both"},
            {"the whole measured again", mean(terms.total),
             "a further run, after the allocator's cache was emptied: its first allocations are "
             "slow, and it is "
             "timed without the step marks"},
            {"time between the stages", mean(terms.rest),
             "inside generate(), but in no stage: subtraction counts it as decoding"},
            {"clamping at 0", mean(terms.clamping), "negative differences are raised to 0"},
            precision_cause(terms),
            drift_cause(times)};
}

std::vector<DifferenceCause> published_causes(std::span<const DecodeTimes> times) {
    std::vector<double> clamping;
    for (const DecodeTimes& entry : times)
        clamping.push_back(entry.subtraction_ms - entry.signed_ms);
    const double raised = mean(clamping);
    return {{"clamping at 0", raised, "negative differences are raised to 0"},
            {"vision measured again", std::nullopt,
             "vision is timed in a run of its own, not inside generate()"},
            {"vision timed at another precision", std::nullopt,
             "vision alone may run in float32 and inside generate() in bfloat16: it then takes "
             "away too much, "
             "which makes short decode times 0"},
            {"empty_cache inside the timed region", std::nullopt,
             "the first allocations after it are slow and count as decoding"},
            {"block 0, final norm and LM head", std::nullopt,
             "prefill is timed from the end of block 0 to the end of the last block: what lies "
             "outside counts as "
             "decoding"},
            drift_cause(times)};
}

}  // namespace

std::vector<DifferenceCause> difference_causes(std::span<const SampleRecord> records,
                                               std::span<const DecodeTimes> times) {
    std::array<std::vector<DecodeTimes>, 2> by_format;
    for (const DecodeTimes& entry : times)
        by_format[records[entry.record].format == RecordFormat::published].push_back(entry);
    const auto& [native, published] = by_format;
    if (native.empty() && published.empty()) return {};
    return native.size() >= published.size() ? native_causes(records, native)
                                             : published_causes(published);
}

}  // namespace decodemeter
