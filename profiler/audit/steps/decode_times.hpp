// The decode time of each record by the two methods, where the record tells them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// How a record's own T_LLM_decode was taken.
enum class DecodeMethod {
    direct,       // it is the sum of the record's steps
    subtraction,  // it is what T_total leaves beside vision and prefill, or it is the difference
                  // that is clamped to 0
    unknown,
};
DecodeMethod decode_method(const SampleRecord& record);

// One record with N >= 2 and a decode time by subtraction.
struct DecodeTimes {
    std::size_t record = 0;  // its index
    int tokens = 0;
    double signed_ms = 0;             // by subtraction
    double subtraction_ms = 0;        // clamped
    std::optional<double> direct_ms;  // none: the record has no steps
};

// Native records: the subtraction that was measured beside. Published ones: T_total -
// T_vision_total - T_LLM_prefill where the stored decode time is no direct one or T_total says
// something else than the sum of the parts.
std::vector<DecodeTimes> decode_times(std::span<const SampleRecord> records);

}  // namespace decodemeter
