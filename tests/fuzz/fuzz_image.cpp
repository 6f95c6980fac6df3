// An image file. A PNG's checksums are made right first, or nothing behind its first chunk would
// ever be reached.
#include <algorithm>
#include <array>
#include <span>

#include "profiler/molmo/image/image_file.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace decodemeter;

namespace {

constexpr std::size_t png_start_bytes = 8;
constexpr std::size_t chunk_overhead_bytes = 12;

std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
    static const std::array<std::uint32_t, 256> table = [] {
        std::array<std::uint32_t, 256> remainders{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t remainder = i;
            for (int bit = 0; bit < 8; ++bit)
                remainder = remainder >> 1 ^ (remainder & 1 ? 0xEDB88320 : 0);
            remainders[i] = remainder;
        }
        return remainders;
    }();
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::uint8_t byte : bytes) crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF];
    return ~crc;
}

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
           static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

void correct_png_checksums(std::span<std::uint8_t> file) {
    if (file.size() < png_start_bytes || file[0] != 0x89) return;
    std::span<std::uint8_t> rest = file.subspan(png_start_bytes);
    while (rest.size() >= chunk_overhead_bytes) {
        const std::size_t length = big_endian(rest);
        if (length > rest.size() - chunk_overhead_bytes) return;
        const std::uint32_t crc = checksum(rest.subspan(4, length + 4));
        for (std::size_t i = 0; i < 4; ++i)
            rest[length + 8 + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
        rest = rest.subspan(length + chunk_overhead_bytes);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint8_t> file(data, data + size);
    correct_png_checksums(file);
    fuzz::read_or_refuse([&] {
        const molmo::Image image = molmo::decode_image(std::as_bytes(std::span(file)), "fuzz");
        const std::size_t pixels =
            static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width);
        if (pixels == 0 || image.rgb.size() != 3 * pixels) ::abort();
    });
    return 0;
}
