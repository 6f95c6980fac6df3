// What the fuzz targets share: the only exception that a reader may throw at bad input is
// InputError.
#pragma once

#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "profiler/system/error.hpp"

namespace decodemeter::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// What comes before the first NUL, and what comes after it.
inline std::pair<std::string_view, std::string_view> split_at_nul(std::string_view text) {
    const std::size_t at = text.find('\0');
    return at == std::string_view::npos ? std::pair(text, std::string_view())
                                        : std::pair(text.substr(0, at), text.substr(at + 1));
}

// Anything but InputError leaves, and libFuzzer reports it.
template <class Read>
void read_or_refuse(const Read& read) {
    try {
        read();
    } catch (const InputError&) {
    }
}

// A directory for the readers that take a path. One for the process; its files are overwritten.
inline const std::filesystem::path& scratch_directory() {
    static const std::filesystem::path path = [] {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "decodemeter-fuzz-XXXXXX").string();
        return std::filesystem::path(::mkdtemp(pattern.data()));
    }();
    return path;
}

inline void write_scratch(const std::string& name, std::string_view text) {
    std::ofstream(scratch_directory() / name, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace decodemeter::fuzz
