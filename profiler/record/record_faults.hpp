// What a single record says that cannot be, or that makes it doubtful.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

inline constexpr std::string_view wrong_step_count =
    "T_decode_per_step has another length than N - 1";

// Contradictions: each one as a short phrase that is the same for all records that have it.
std::vector<std::string> impossible_values(const SampleRecord& record);

// The steps, the totals and the stage times contradict each other: the identities that the edges of
// the steps have to keep. Each is among impossible_values() too.
bool has_broken_edges(const SampleRecord& record);

// N >= 2 and no decode time.
bool has_zero_decode(const SampleRecord& record) noexcept;

// The GPU said that it ran slower than it could.
bool is_throttled(const SampleRecord& record) noexcept;

// A tracing pass lost activity records of it.
bool has_losses(const SampleRecord& record) noexcept;

}  // namespace decodemeter
