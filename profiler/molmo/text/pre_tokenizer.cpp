#include "profiler/molmo/text/pre_tokenizer.hpp"

namespace decodemeter::molmo {

namespace {

using Text = std::span<const Character>;

bool is_kind(Text text, std::size_t at, CharacterClass kind) noexcept {
    return at < text.size() && text[at].kind == kind;
}

bool is_newline(Text text, std::size_t at) noexcept {
    return at < text.size() && (text[at].code == '\r' || text[at].code == '\n');
}

std::size_t run_end(Text text, std::size_t at, CharacterClass kind) noexcept {
    while (is_kind(text, at, kind)) ++at;
    return at;
}

// The only letters that fold to those of the contractions: capitals, and the long s.
char32_t folded(char32_t code) noexcept {
    if (code >= 'A' && code <= 'Z') return code + ('a' - 'A');
    return code == 0x17F ? U's' : code;
}

// Characters of "'s", "'t", "'re", "'ve", "'m", "'ll" or "'d" at `at`; 0 where there is none.
std::size_t contraction_length(Text text, std::size_t at, bool any_case) noexcept {
    if (text[at].code != '\'') return 0;
    const auto letter = [&](std::size_t i) -> char32_t {
        if (at + i >= text.size()) return 0;
        return any_case ? folded(text[at + i].code) : text[at + i].code;
    };
    switch (letter(1)) {
        case 's':
        case 't':
        case 'm':
        case 'd':
            return 2;
        case 'r':
        case 'v':
            return letter(2) == 'e' ? 3 : 0;
        case 'l':
            return letter(2) == 'l' ? 3 : 0;
        default:
            return 0;
    }
}

// \s+(?!\S)|\s+: all white space at the end of the text; before a word, all but the last character,
// which may belong to the word, unless it is the only one.
std::size_t spaces_end(Text text, std::size_t begin, std::size_t run) noexcept {
    return run == text.size() || run - begin == 1 ? run : run - 1;
}

std::size_t gpt2_word_end(Text text, std::size_t begin) noexcept {
    if (const std::size_t length = contraction_length(text, begin, false)) return begin + length;
    const std::size_t start = text[begin].code == ' ' ? begin + 1 : begin;
    for (const CharacterClass kind :
         {CharacterClass::letter, CharacterClass::number, CharacterClass::other}) {
        if (is_kind(text, start, kind)) return run_end(text, start, kind);
    }
    return spaces_end(text, begin, run_end(text, begin, CharacterClass::space));
}

// [^\r\n\p{L}\p{N}]?\p{L}+; `begin` where there is no such word.
std::size_t qwen2_letters_end(Text text, std::size_t begin) noexcept {
    const bool prefix = text[begin].kind != CharacterClass::letter &&
                        text[begin].kind != CharacterClass::number && !is_newline(text, begin);
    const std::size_t start = prefix ? begin + 1 : begin;
    return is_kind(text, start, CharacterClass::letter)
               ? run_end(text, start, CharacterClass::letter)
               : begin;
}

std::size_t qwen2_word_end(Text text, std::size_t begin) noexcept {
    if (const std::size_t length = contraction_length(text, begin, true)) return begin + length;
    if (const std::size_t end = qwen2_letters_end(text, begin); end != begin) return end;
    if (text[begin].kind == CharacterClass::number) return begin + 1;
    const std::size_t start = text[begin].code == ' ' ? begin + 1 : begin;
    if (is_kind(text, start, CharacterClass::other)) {
        std::size_t end = run_end(text, start, CharacterClass::other);
        while (is_newline(text, end)) ++end;
        return end;
    }
    const std::size_t run = run_end(text, begin, CharacterClass::space);
    for (std::size_t end = run; end > begin; --end) {
        if (is_newline(text, end - 1)) return end;
    }
    return spaces_end(text, begin, run);
}

}  // namespace

std::size_t word_end(PreTokenizer pre_tokenizer, Text text, std::size_t begin) noexcept {
    return pre_tokenizer == PreTokenizer::gpt2 ? gpt2_word_end(text, begin)
                                               : qwen2_word_end(text, begin);
}

}  // namespace decodemeter::molmo
