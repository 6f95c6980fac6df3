// Photographs from files: JPEG, PNG and WebP, told apart by their content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace decodemeter::molmo {

struct Image {
    int height = 0;
    int width = 0;
    std::vector<std::uint8_t> rgb;  // [height, width, 3]
};

// Larger images and files are refused before anything is allocated for them.
inline constexpr std::int64_t max_image_pixels = 100'000'000;
inline constexpr std::int64_t max_image_side = 65'535;
inline constexpr std::size_t max_image_file_bytes = 256U << 20;

// Gray is replicated, palettes are looked up, alpha is dropped, CMYK is taken as Adobe writes it
// (inverted): what Pillow's convert("RGB") makes of a file. Of 16 bits the upper 8 are kept, also
// in gray, where Pillow clips. The EXIF orientation is applied. Throws InputError with the file's
// name and the decoder's reason for a file that is cut short, damaged, too large, animated (WebP),
// or of another format.
Image read_image(const std::filesystem::path& path);

// The same for bytes in memory; `origin` stands for the file's name.
Image decode_image(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace decodemeter::molmo
