#include "profiler/record/format/line_parser.hpp"

#include "profiler/record/format/native_fields.hpp"
#include "profiler/record/format/tolerant_value.hpp"

namespace decodemeter {

namespace {

constexpr auto& fields = native_fields<TolerantValue>;
static_assert(fields.size() <= 64, "LineState::seen is one word");

}  // namespace

struct LineParser::Parser {
    simdjson::ondemand::parser parser;
};

LineParser::LineParser() : parser_(std::make_unique<Parser>()) {}
LineParser::~LineParser() = default;

bool LineParser::parse(std::string_view line, std::size_t readable, LineState& state) {
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    if (parser_->parser.iterate(line.data(), line.size(), readable).get(document) !=
        simdjson::SUCCESS)
        return false;
    if (document.get_object().get(object) != simdjson::SUCCESS) return false;
    const bool whole =
        TolerantValue::each_field_of(object, fields, [&](std::size_t index, TolerantValue& value) {
            if (index == fields.size()) return;
            fields[index].read(state, state.record, value);
            state.seen |= std::uint64_t{1} << index;
        });
    const char* rest = nullptr;
    return whole && document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

void LineParser::require_fields(LineState& state) {
    for (std::size_t i = 0; i < fields.size() && state.fault.empty(); ++i) {
        if (fields[i].required && !(state.seen >> i & 1))
            state.note(fields[i].name.name(), NumberFault::missing);
    }
}

}  // namespace decodemeter
