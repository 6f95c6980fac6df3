// Reads a native line in one pass without building anything in between. It knows lines as they are
// written, in any order of the fields and with any spaces; at the first thing out of the ordinary
// (an unknown object, an escape, a letter outside ASCII, a value that would be a fault) it fails,
// and the line must be read the tolerant way (LineParser). A line that it accepts comes to the same
// record either way.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profiler/record/format/field_table.hpp"

namespace decodemeter {

class LineScanner {
public:
    // `line` needs json_padding readable bytes after its end, and a character there that no value
    // begins with.
    explicit LineScanner(std::string_view line)
        : at_(line.data()), end_(line.data() + line.size()) {}

    bool failed() const noexcept { return failed_; }

    // Whether nothing but spaces is left.
    bool at_end() {
        skip_spaces();
        return at_ == end_;
    }

    void ignore() {
        skip_spaces();
        if (*at_ == '"') take_text();
        else if (*at_ == 't' || *at_ == 'f') take_boolean();
        else if (!take_null()) take_number();
    }

    void text(std::string& target) { target = take_text(); }
    void optional_text(std::optional<std::string>& target) { target = std::string(take_text()); }

    bool text_or_null(std::optional<std::string>& target) {
        if (!take_null()) target = std::string(take_text());
        return true;
    }

    void texts(std::vector<std::string>& target) {
        each_item([&] { target.emplace_back(take_text()); });
    }

    void boolean(bool& target) { target = take_boolean(); }

    template <class Integer>
    void integer(Integer& target) {
        target = static_cast<Integer>(take_integer());
    }

    template <class Integer>
    void integers(std::vector<Integer>& target) {
        target.reserve(16);
        each_item([&] { target.push_back(static_cast<Integer>(take_integer())); });
    }

    void pair(std::array<int, 2>& target) {
        std::array<int, 2> read{};
        std::size_t count = 0;
        each_item([&] {
            const auto number = static_cast<int>(take_integer());
            if (count < 2) read[count] = number;
            ++count;
        });
        if (count == 2) target = read;
    }

    NumberFault number(double& target) {
        target = take_number();
        return NumberFault::none;
    }

    void optional_number(std::optional<double>& target) {
        if (!take_null()) target = take_number();
    }

    template <class Integer>
    void count(LineState&, std::string_view, Integer& target) {
        const std::int64_t number = take_integer();
        if (number < 0 || !std::in_range<Integer>(number)) fail();
        target = static_cast<Integer>(number);
    }

    void time(LineState&, std::string_view, double& target) { target = take_time(); }

    void signed_time(LineState&, std::string_view, double& target) { target = take_number(); }

    void times(std::vector<double>& target) {
        std::array<double, 32> first;  // most lists fit, and are then allocated once
        std::size_t count = 0;
        target.clear();
        each_item([&] {
            if (count == first.size()) {
                target.insert(target.end(), first.begin(), first.end());
                count = 0;
            }
            first[count++] = take_time();
        });
        target.insert(target.end(), first.begin(),
                      first.begin() + static_cast<std::ptrdiff_t>(count));
    }

    void times(LineState&, std::string_view, std::vector<double>& target) {
        if (take_null()) fail();
        else times(target);
    }

    void times_or_null(LineState&, std::string_view, std::vector<double>& target) {
        if (!take_null()) times(target);
    }

    void optional_times(LineState&, std::string_view, std::optional<std::vector<double>>& target) {
        if (!take_null()) times(target.emplace());
    }

    // Hands each field's index in the table, or the table's size, and its value to `handler`.
    // Whether there was any field.
    template <class Table, class Handler>
    bool each_field(const Table& fields, const Handler& handler) {
        if (take_null()) return false;
        if (!take('{')) return fail();
        if (take('}')) return false;
        std::size_t expected = 0;
        do {
            const std::size_t index = take_field(fields, expected);
            if (failed_) return false;
            if (index < fields.size()) expected = index + 1 < fields.size() ? index + 1 : 0;
            handler(index, *this);
        } while (!failed_ && take(','));
        return take('}') || fail();
    }

private:
    bool fail() noexcept {
        failed_ = true;
        return false;
    }

    void skip_spaces() noexcept {
        while (*at_ == ' ' || *at_ == '\t' || *at_ == '\r') ++at_;
    }

    bool take(char expected) noexcept {
        skip_spaces();
        if (*at_ != expected) return false;
        ++at_;
        return true;
    }

    template <class Table>
    std::size_t take_field(const Table& fields, std::size_t expected) {
        skip_spaces();
        if (fields[expected].name.matches(at_)) {
            at_ += fields[expected].name.quoted_size();
            return expected;
        }
        const std::string_view name = take_text();
        if (!take(':')) fail();
        return find_field(fields, name, expected);
    }

    bool take_literal(std::string_view literal) noexcept {
        if (std::memcmp(at_, literal.data(), literal.size()) != 0) return false;
        at_ += literal.size();
        return true;
    }

    bool take_null() noexcept {
        skip_spaces();
        return *at_ == 'n' && take_literal("null");
    }

    bool take_boolean() noexcept {
        skip_spaces();
        if (take_literal("true")) return true;
        if (!take_literal("false")) fail();
        return false;
    }

    std::string_view take_text() noexcept {
        if (!take('"')) return fail(), std::string_view();
        const char* const begin = at_;
        // Stops at the quote, and at control characters, escapes and bytes of 128 and more, which
        // fail.
        while (static_cast<unsigned char>(*at_ - ' ') < 128 - ' ' && *at_ != '"' && *at_ != '\\')
            ++at_;
        const std::string_view text(begin, static_cast<std::size_t>(at_ - begin));
        if (!take_literal("\"")) fail();
        return text;
    }

    static bool digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

    // At most 18 digits, so that it cannot overflow.
    std::int64_t take_integer() noexcept {
        skip_spaces();
        const bool negative = *at_ == '-';
        at_ += negative;
        const char* const begin = at_;
        std::int64_t value = 0;
        while (digit(*at_) && at_ - begin < 18) value = 10 * value + (*at_++ - '0');
        const bool leading_zero = *begin == '0' && at_ - begin > 1;
        if (at_ == begin || leading_zero || digit(*at_) || *at_ == '.' || *at_ == 'e' ||
            *at_ == 'E')
            fail();
        return negative ? -value : value;
    }

    double take_time() noexcept {
        skip_spaces();
        if (*at_ == '-') fail();
        return take_number();
    }

    double take_number() noexcept {
        skip_spaces();
        const char* const begin = at_;
        const bool negative = *at_ == '-';
        at_ += negative;
        const char* const whole = at_;
        std::uint64_t mantissa = 0;
        while (digit(*at_)) mantissa = 10 * mantissa + static_cast<std::uint64_t>(*at_++ - '0');
        if (at_ == whole || (*whole == '0' && at_ - whole > 1)) return fail();
        std::ptrdiff_t decimals = 0;
        if (*at_ == '.') {
            const char* const fraction = ++at_;
            while (digit(*at_)) mantissa = 10 * mantissa + static_cast<std::uint64_t>(*at_++ - '0');
            decimals = at_ - fraction;
            if (decimals == 0) return fail();
        }
        // Both are exact in double, so that their quotient is the nearest double.
        const bool exact =
            at_ - whole <= 19 && mantissa <= (std::uint64_t{1} << 53) && decimals <= 22;
        if (!exact || *at_ == 'e' || *at_ == 'E') return take_long_number(begin);
        const double value =
            static_cast<double>(mantissa) / powers_of_ten[static_cast<std::size_t>(decimals)];
        return negative ? -value : value;
    }

    double take_long_number(const char* begin) noexcept;

    template <class Handler>
    void each_item(const Handler& handler) {
        if (take_null()) return;
        if (!take('[')) return void(fail());
        if (take(']')) return;
        do {
            handler();
        } while (!failed_ && take(','));
        if (!take(']')) fail();
    }

    static constexpr std::array<double, 23> powers_of_ten = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    const char* at_;
    const char* end_;
    bool failed_ = false;
};

// The fields of `line`. False: read it the tolerant way; `state` is then partly filled.
bool scan_line(std::string_view line, LineState& state);

}  // namespace decodemeter
