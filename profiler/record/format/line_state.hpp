// Parser state for one native record line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/record/format/number_fault.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

struct LineState {
    SampleRecord record;
    std::string fault;  // the first thing that makes the sample unusable
    int schema = record_schema_version;
    double stored_decode_steps = -1;
    std::uint64_t seen = 0;   // one bit for each entry of the field table
    std::string_view object;  // what stands before a field's name in a fault

    void note(std::string_view field, NumberFault what) {
        if (!fault.empty()) return;
        fault = std::string(to_string(what)) + " ";
        fault.append(object).append(field);
    }
};

}  // namespace decodemeter
