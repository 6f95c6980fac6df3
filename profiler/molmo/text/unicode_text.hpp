// Text as code points: UTF-8 in and out, composition, and the classes that pre-tokenizers ask for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace decodemeter::molmo {

// Space is Unicode's White_Space; letter and number are the general categories L and N; other is
// the rest. Categories are those of utf8proc's Unicode version: a tokenizer that knows a newer one
// sees letters where this sees others.
enum class CharacterClass : unsigned char { letter, number, space, other };

CharacterClass class_of(char32_t code) noexcept;

struct Character {
    char32_t code = 0;
    CharacterClass kind = CharacterClass::other;
    std::size_t offset = 0;  // of its first byte
};

// The characters of valid UTF-8.
std::vector<Character> characters(std::string_view text);

// Each broken sequence becomes one U+FFFD: the longest start of a character that could not go on
// (Unicode, section 3.9, "maximal subparts"), as Python's errors="replace" and Rust's
// from_utf8_lossy do.
std::string valid_utf8(std::string_view bytes);

void append_utf8(char32_t code, std::string& text);

// Normalization form C of valid UTF-8, in time linear in the text but for the sorting of combining
// marks.
std::string nfc(std::string_view text);

}  // namespace decodemeter::molmo
