#include "profiler/molmo/text/unicode_text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace decodemeter::molmo {

namespace {

constexpr char32_t replacement = 0xFFFD;
// Below the combining marks nothing composes or decomposes canonically that is not already in form
// C.
constexpr char32_t first_combining = 0x300;

// The outcome of reading one character: its bytes, and whether they are whole.
struct Sequence {
    char32_t code;
    std::size_t length;
    bool valid;
};

unsigned char byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

// What a lead byte asks for; the second byte's range leaves out overlong forms, surrogates and
// codes above 10FFFF.
struct Lead {
    std::size_t length;
    unsigned char second_low = 0x80;
    unsigned char second_high = 0xBF;
};

Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {1};
    if (byte < 0xC2) return {0};
    if (byte < 0xE0) return {2};
    if (byte == 0xE0) return {3, 0xA0};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte < 0xF0) return {3};
    if (byte == 0xF0) return {4, 0x90};
    if (byte < 0xF4) return {4};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0};
}

Sequence read_sequence(std::string_view text, std::size_t at) {
    const unsigned char first = byte_at(text, at);
    const Lead lead = lead_of(first);
    if (lead.length == 1) return {first, 1, true};
    if (lead.length == 0) return {replacement, 1, false};
    char32_t code = first & (0x7FU >> lead.length);
    for (std::size_t i = 1; i < lead.length; ++i) {
        if (at + i == text.size()) return {replacement, i, false};
        const unsigned char next = byte_at(text, at + i);
        const unsigned char low = i == 1 ? lead.second_low : 0x80;
        const unsigned char high = i == 1 ? lead.second_high : 0xBF;
        if (next < low || next > high) return {replacement, i, false};
        code = code << 6 | (next & 0x3FU);
    }
    return {code, lead.length, true};
}

bool is_space(char32_t code) noexcept {
    if (code < 0x80) return code == ' ' || (code >= 9 && code <= 13);
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

std::vector<utf8proc_int32_t> decomposed(const std::vector<Character>& text) {
    constexpr int longest = 32;  // of one character's canonical decomposition; the standard has 4
    std::vector<utf8proc_int32_t> codes;
    codes.reserve(text.size() + text.size() / 4);
    std::array<utf8proc_int32_t, longest> parts{};
    for (const Character& character : text) {
        int boundary = 0;
        const auto count = utf8proc_decompose_char(
            static_cast<utf8proc_int32_t>(character.code), parts.data(), longest,
            static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE), &boundary);
        if (count < 0 || count > longest)
            throw std::logic_error("utf8proc cannot decompose a valid code point");
        codes.insert(codes.end(), parts.begin(), parts.begin() + count);
    }
    return codes;
}

int combining_class(utf8proc_int32_t code) { return utf8proc_get_property(code)->combining_class; }

// utf8proc's own ordering is quadratic in a run of marks.
void order_marks(std::vector<utf8proc_int32_t>& codes) {
    for (auto run = codes.begin(); run != codes.end();) {
        if (combining_class(*run) == 0) {
            ++run;
            continue;
        }
        const auto end =
            std::find_if(run, codes.end(), [](auto code) { return combining_class(code) == 0; });
        std::stable_sort(run, end,
                         [](auto a, auto b) { return combining_class(a) < combining_class(b); });
        run = end;
    }
}

}  // namespace

CharacterClass class_of(char32_t code) noexcept {
    if (is_space(code)) return CharacterClass::space;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
            return CharacterClass::letter;
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_NO:
            return CharacterClass::number;
        default:
            return CharacterClass::other;
    }
}

std::vector<Character> characters(std::string_view text) {
    std::vector<Character> result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Sequence sequence = read_sequence(text, at);
        result.push_back({sequence.code, class_of(sequence.code), at});
        at += sequence.length;
    }
    return result;
}

std::string valid_utf8(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        const Sequence sequence = read_sequence(bytes, at);
        if (sequence.valid) {
            text.append(bytes.substr(at, sequence.length));
        } else {
            append_utf8(replacement, text);
        }
        at += sequence.length;
    }
    return text;
}

void append_utf8(char32_t code, std::string& text) {
    const auto append = [&](char32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) return append(code);
    if (code < 0x800) {
        append(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            append(0xE0 | code >> 12);
        } else {
            append(0xF0 | code >> 18);
            append(0x80 | (code >> 12 & 0x3F));
        }
        append(0x80 | (code >> 6 & 0x3F));
    }
    append(0x80 | (code & 0x3F));
}

std::string nfc(std::string_view text) {
    const std::vector<Character> input = characters(text);
    const auto may_change = [](const Character& character) {
        return character.code >= first_combining;
    };
    if (std::none_of(input.begin(), input.end(), may_change)) return std::string(text);
    std::vector<utf8proc_int32_t> codes = decomposed(input);
    order_marks(codes);
    const auto length = utf8proc_normalize_utf32(
        codes.data(), static_cast<utf8proc_ssize_t>(codes.size()),
        static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    if (length < 0) throw std::logic_error("utf8proc cannot compose a valid text");
    std::string composed;
    composed.reserve(text.size());
    for (utf8proc_ssize_t i = 0; i < length; ++i)
        append_utf8(static_cast<char32_t>(codes[static_cast<std::size_t>(i)]), composed);
    return composed;
}

}  // namespace decodemeter::molmo
