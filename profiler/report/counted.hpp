// "1 record", "2 records". A leaf.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace decodemeter {

inline std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// `noun` takes an s.
inline std::string counted(std::int64_t count, std::string_view noun) {
    return counted(count, noun, std::string(noun) + "s");
}

}  // namespace decodemeter
