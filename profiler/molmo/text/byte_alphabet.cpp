#include "profiler/molmo/text/byte_alphabet.hpp"

#include <array>

#include "profiler/molmo/text/unicode_text.hpp"

namespace decodemeter::molmo {

namespace {

constexpr char32_t first_substitute = 0x100;
constexpr char32_t alphabet_end = first_substitute + 68;

bool stands_for_itself(int byte) {
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) ||
           (byte >= 0xAE && byte <= 0xFF);
}

struct Alphabet {
    std::array<char32_t, 256> character_of{};
    std::array<int, alphabet_end> byte_of{};

    Alphabet() {
        byte_of.fill(-1);
        char32_t substitute = first_substitute;
        for (int byte = 0; byte < 256; ++byte) {
            const char32_t character =
                stands_for_itself(byte) ? static_cast<char32_t>(byte) : substitute++;
            character_of[static_cast<std::size_t>(byte)] = character;
            byte_of[character] = byte;
        }
    }
};

const Alphabet& alphabet() {
    static const Alphabet table;
    return table;
}

}  // namespace

std::string token_bytes(std::string_view token) {
    std::string bytes;
    bytes.reserve(token.size());
    for (const Character& character : characters(token)) {
        const int byte = character.code < alphabet_end ? alphabet().byte_of[character.code] : -1;
        if (byte < 0) return std::string(token);
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

std::string byte_token(unsigned char byte) {
    std::string token;
    append_utf8(alphabet().character_of[byte], token);
    return token;
}

}  // namespace decodemeter::molmo
