// A hash that tells contents apart. It does not withstand someone who wants two to be equal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace decodemeter {

// FNV-1a with 64 bits (Fowler, Noll and Vo).
class ContentHash {
public:
    void add(std::span<const std::byte> bytes) noexcept {
        for (const std::byte byte : bytes)
            hash_ = (hash_ ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3ULL;
    }
    void add(std::string_view text) noexcept { add(std::as_bytes(std::span(text))); }

    // The length first: contents that are joined otherwise give another hash.
    void add_with_length(std::string_view text) noexcept {
        const std::array length{static_cast<std::uint64_t>(text.size())};
        add(std::as_bytes(std::span(length)));
        add(text);
    }

    // 16 hexadecimal digits.
    std::string text() const {
        constexpr std::string_view digits = "0123456789abcdef";
        std::string written(16, '0');
        std::uint64_t rest = hash_;
        for (std::size_t i = written.size(); i-- > 0; rest >>= 4) written[i] = digits[rest & 15];
        return written;
    }

private:
    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace decodemeter
