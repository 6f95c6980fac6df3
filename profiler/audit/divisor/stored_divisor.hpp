// The divisor of a set's own per-token figure, read record by record.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "profiler/audit/divisor/divisor.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

struct StoredDivisor {
    std::size_t stated = 0;    // records with a figure of their own and a decode time
    std::size_t matching = 0;  // of them, those whose T_LLM_decode / figure is the divisor
    DivisorVerdict divisor = DivisorVerdict::undecided;  // N-1, N, N+1, content_tokens, or none
};

// A divisor is read where 95 % of the records that state a figure agree on it. Where answers that
// end in the EOS make N-1 and the content tokens the same number, it is N-1.
StoredDivisor read_stored_divisor(std::span<const SampleRecord> records);

}  // namespace decodemeter
