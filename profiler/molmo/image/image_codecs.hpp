// The decoder of each image format. Pixels come as they lie in the file; `orientation` says how to
// turn them.
#pragma once

#include <stdexcept>

#include "profiler/molmo/image/image_file.hpp"

namespace decodemeter::molmo {

// Why an image cannot be decoded; decode_image adds the file's name.
struct ImageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct DecodedImage {
    Image image;
    int orientation = 1;  // EXIF: 1 to 8
};

DecodedImage decode_jpeg(std::span<const std::byte> bytes);
DecodedImage decode_png(std::span<const std::byte> bytes);
DecodedImage decode_webp(std::span<const std::byte> bytes);

// An image of that size with its pixels allocated; throws ImageError for one above the limits.
Image make_image(std::int64_t height, std::int64_t width);

// The orientation in a TIFF structure, as EXIF blocks hold one; 1 where there is none or it makes
// no sense.
int exif_orientation(std::span<const std::byte> tiff);

// Turns and mirrors the pixels so that the image stands upright.
Image upright(Image image, int orientation);

}  // namespace decodemeter::molmo
