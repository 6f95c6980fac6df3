#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// A decode step far above the others of its request: statistics/slow_steps.hpp.
struct SlowStepRow {
    std::string dataset;
    std::int64_t sample_id = 0;
    ConfigKey config;
    int step = 0;
    double ratio = 0;   // to the median of the request
    std::string cause;  // as the record's flag has it, else "unknown"
};

struct SlowStepAudit {
    std::int64_t judged = 0;  // records with enough steps
    std::int64_t records = 0;
    std::int64_t steps = 0;
    std::vector<SlowStepRow> worst;  // the first few, by ratio
};

SlowStepAudit find_slow_steps(std::span<const SampleRecord> records);

}  // namespace decodemeter
