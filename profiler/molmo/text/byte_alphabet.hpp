// Vocabulary files write each byte as a printable character: themselves where they are printable,
// else U+0100 onwards.
#pragma once

#include <string>
#include <string_view>

namespace decodemeter::molmo {

// The bytes that a token stands for. A token with a character outside the alphabet stands for its
// own UTF-8.
std::string token_bytes(std::string_view token);

// The character that stands for a byte, as UTF-8.
std::string byte_token(unsigned char byte);

}  // namespace decodemeter::molmo
