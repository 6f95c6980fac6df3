#include "profiler/record/format/line_scanner.hpp"

#include <charconv>
#include <system_error>

#include "profiler/record/format/native_fields.hpp"

namespace decodemeter {

// More digits than a quotient of two exact doubles can hold, or an exponent.
double LineScanner::take_long_number(const char* begin) noexcept {
    const auto part_of_number = [](char c) {
        return digit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
    };
    at_ = begin;
    while (part_of_number(*at_)) ++at_;
    double value = 0;
    const std::from_chars_result result = std::from_chars(begin, at_, value);
    if (result.ec != std::errc() || result.ptr != at_) fail();
    return value;
}

bool scan_line(std::string_view line, LineState& state) {
    LineScanner scanner(line);
    read_fields(state, scanner, state.record, native_fields<LineScanner>,
                [&](std::size_t index) { state.seen |= std::uint64_t{1} << index; });
    return !scanner.failed() && scanner.at_end() && state.fault.empty();
}

}  // namespace decodemeter
