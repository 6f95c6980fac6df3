#include <cstring>

#include "profiler/record/format/line_parser.hpp"
#include "profiler/record/format/line_reading.hpp"
#include "profiler/record/format/line_scanner.hpp"

namespace decodemeter {

namespace {

// A later version may have changed the meaning of a field.
std::string schema_fault(int schema) {
    return "schema " + std::to_string(schema) + ", where this version reads " +
           std::to_string(record_schema_version);
}

void check_complete(LineState& state) {
    if (state.schema != record_schema_version) {
        state.fault = schema_fault(state.schema);
        return;
    }
    LineParser::require_fields(state);
    if (!state.fault.empty()) return;
    SampleRecord& record = state.record;
    if (record.output_tokens < 1) state.fault = "output_tokens below 1";
    const auto steps = static_cast<std::size_t>(record.decode_steps());
    if (!record.T_decode_per_step.empty() && record.T_decode_per_step.size() != steps)
        record.flags.push_back("steps_length");
    if (state.stored_decode_steps >= 0 && state.stored_decode_steps != static_cast<double>(steps)) {
        record.flags.push_back("decode_steps_field");
    }
}

// Nearly all lines are as they were written, and scanned; the others are worth a second reading.
bool read_line(LineParser& parser, std::string_view line, std::size_t readable, LineState& state) {
    if (scan_line(line, state)) return true;
    state = {};
    return parser.parse(line, readable, state);
}

}  // namespace

void read_native_lines(std::string_view text, const std::string& file,
                       const std::function<void(SampleRecord&&)>& sink, ReadReport& report) {
    LineParser parser;
    std::int64_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        ++number;
        const void* newline = std::memchr(text.data() + begin, '\n', text.size() - begin);
        const std::size_t end =
            newline ? static_cast<std::size_t>(static_cast<const char*>(newline) - text.data())
                    : text.size();
        std::string_view line = text.substr(begin, end - begin);
        std::size_t readable = text.size() - begin + json_padding;
        begin = end + 1;
        std::string last;
        if (!newline) {  // what stands behind it is the caller's, and might go on as a value does
            last.assign(line).resize(line.size() + json_padding, '\0');
            readable = last.size();
            line = std::string_view(last).substr(0, line.size());
        }
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        LineState state;
        if (!read_line(parser, line, readable, state)) {
            report.skip(file, number, newline ? "broken line" : "torn last line");
            continue;
        }
        check_complete(state);
        if (!state.fault.empty()) {
            report.skip(file, number, state.fault);
            continue;
        }
        ++report.read;
        ++report.native;
        sink(std::move(state.record));
    }
}

}  // namespace decodemeter
