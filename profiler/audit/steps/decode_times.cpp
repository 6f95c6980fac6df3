#include "profiler/audit/steps/decode_times.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace decodemeter {

namespace {

constexpr double rounding_ms = 1e-3;  // published times have up to four decimals

bool close(double a, double b) { return std::fabs(a - b) <= rounding_ms + 1e-4 * std::fabs(b); }

double remainder_ms(const SampleRecord& record) {
    return record.T_total - record.T_vision_total - record.T_LLM_prefill;
}

bool has_every_step(const SampleRecord& record) {
    return record.decode_steps() > 0 &&
           record.T_decode_per_step.size() == static_cast<std::size_t>(record.decode_steps());
}

double sum_of_steps(const SampleRecord& record) {
    return std::accumulate(record.T_decode_per_step.begin(), record.T_decode_per_step.end(), 0.0);
}

std::optional<DecodeTimes> native_times(const SampleRecord& record) {
    if (!record.subtraction) return std::nullopt;
    return DecodeTimes{0, 0, record.subtraction->T_LLM_decode_signed,
                       record.subtraction->T_LLM_decode, record.T_LLM_decode};
}

std::optional<DecodeTimes> published_times(const SampleRecord& record) {
    std::optional<double> direct;
    if (has_every_step(record)) direct = sum_of_steps(record);
    const double remainder = remainder_ms(record);
    // A total that was made by adding the parts up tells nothing about subtraction.
    if (direct && close(record.T_LLM_decode, *direct) && close(remainder, *direct))
        return std::nullopt;
    const double clamped = decode_method(record) == DecodeMethod::subtraction
                               ? record.T_LLM_decode
                               : std::max(0.0, remainder);
    return DecodeTimes{0, 0, remainder, clamped, direct};
}

}  // namespace

DecodeMethod decode_method(const SampleRecord& record) {
    if (record.format == RecordFormat::native) return DecodeMethod::direct;
    if (has_every_step(record) && close(record.T_LLM_decode, sum_of_steps(record)))
        return DecodeMethod::direct;
    if (close(record.T_LLM_decode, std::max(0.0, remainder_ms(record))))
        return DecodeMethod::subtraction;
    return DecodeMethod::unknown;
}

std::vector<DecodeTimes> decode_times(std::span<const SampleRecord> records) {
    std::vector<DecodeTimes> all;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const SampleRecord& record = records[i];
        if (record.output_tokens < 2) continue;
        auto times =
            record.format == RecordFormat::native ? native_times(record) : published_times(record);
        if (!times) continue;
        times->record = i;
        times->tokens = record.output_tokens;
        all.push_back(*times);
    }
    return all;
}

}  // namespace decodemeter
