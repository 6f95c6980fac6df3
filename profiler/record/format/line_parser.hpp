// Reads a native line with simdjson, tolerantly: what cannot be used is noted or passed over.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "profiler/record/format/line_state.hpp"

namespace decodemeter {

class LineParser {
public:
    LineParser();
    ~LineParser();

    // The fields of `line`, of whose text `readable` bytes may be read (json_padding more than the
    // line has, at least). False where it is no whole JSON object.
    bool parse(std::string_view line, std::size_t readable, LineState& state);

    // Notes the first required field that has not been seen.
    static void require_fields(LineState& state);

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace decodemeter
