// Records and run headers as JSON text. The format is described by record_schema().
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "profiler/record/run_header.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// One line without its newline.
std::string to_json_line(const SampleRecord& record);

std::string to_json(const RunHeader& header);

// Throws InputError naming `origin` when the text is no JSON object. Every field is optional.
RunHeader parse_run_header(std::string_view text, const std::string& origin);

// The JSON Schema (draft 7) of one native record line.
std::string record_schema();

// What each field means, in words: written into run.json and into the schema.
std::string field_definition(std::string_view field);

}  // namespace decodemeter
