// Images in each format, written by the libraries that the readers are built on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace decodemeter::test {

struct PngOptions {
    int color_type = 2;  // PNG's: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA
    int bit_depth = 8;
    bool interlaced = false;
    int orientation = 1;                // in an eXIf chunk, where above 1
    std::vector<std::uint8_t> palette;  // RGB
};
// `rows` as PNG packs them, without filter bytes.
std::string png_file(int height, int width, const std::vector<std::uint8_t>& rows,
                     const PngOptions& options);

struct JpegOptions {
    int components = 3;  // 1 gray, 3 RGB, 4 CMYK
    int quality = 100;
    bool progressive = false;
    bool adobe_ycck = false;
    int orientation = 1;  // in an EXIF block, where above 1
};
std::string jpeg_file(int height, int width, const std::vector<std::uint8_t>& pixels,
                      const JpegOptions& options);

// Lossless, with an alpha channel where `alpha`.
std::string webp_file(int height, int width, const std::vector<std::uint8_t>& pixels, bool alpha);
// The same image in a container with an EXIF block.
std::string webp_with_orientation(const std::string& file, int height, int width, int orientation);

// A TIFF structure that says how to turn an image.
std::string exif_block(int orientation, bool big_endian);

}  // namespace decodemeter::test
