// SHA-256 (FIPS 180-4). A leaf.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace decodemeter {

class Sha256 {
public:
    void add(std::string_view bytes) noexcept;
    // Ends the message: 64 lower-case hexadecimal digits. Call once.
    std::string hex() noexcept;

private:
    void compress(const unsigned char* block) noexcept;

    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<unsigned char, 64> block_{};
    std::size_t filled_ = 0;
    std::uint64_t length_ = 0;
};

// Of a whole file. Throws InputError when it cannot be read.
std::string sha256_of(const std::filesystem::path& file);

}  // namespace decodemeter
