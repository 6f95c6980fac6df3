#include <webp/decode.h>

#include <algorithm>
#include <cstring>

#include "profiler/molmo/image/image_codecs.hpp"

namespace decodemeter::molmo {

namespace {

constexpr std::size_t riff_header_bytes = 12;
constexpr std::size_t chunk_header_bytes = 8;
constexpr std::string_view exif_start("Exif\0\0", 6);

std::uint32_t little_endian_u32(std::span<const std::byte> bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
    return value;
}

// The EXIF chunk lies behind the pixels, among chunks of "name, size, bytes, padding to even".
int orientation_of(std::span<const std::byte> bytes) {
    std::span<const std::byte> rest = bytes.subspan(riff_header_bytes);
    while (rest.size() >= chunk_header_bytes) {
        const std::string_view name(reinterpret_cast<const char*>(rest.data()), 4);
        const std::size_t size = little_endian_u32(rest.subspan(4, 4));
        rest = rest.subspan(chunk_header_bytes);
        if (size > rest.size()) return 1;
        if (name == "EXIF") {
            const auto exif = rest.first(size);
            const std::string_view text(reinterpret_cast<const char*>(exif.data()), exif.size());
            const bool prefixed = text.substr(0, exif_start.size()) == exif_start;
            return exif_orientation(exif.subspan(prefixed ? exif_start.size() : 0));
        }
        rest = rest.subspan(std::min(size + size % 2, rest.size()));
    }
    return 1;
}

std::string reason(VP8StatusCode status) {
    switch (status) {
        case VP8_STATUS_OUT_OF_MEMORY:
            return "not enough memory";
        case VP8_STATUS_BITSTREAM_ERROR:
            return "broken bit stream";
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            return "a feature that is not supported";
        case VP8_STATUS_NOT_ENOUGH_DATA:
        case VP8_STATUS_SUSPENDED:
            return "the file is cut short";
        default:
            return "status " + std::to_string(static_cast<int>(status));
    }
}

void check(VP8StatusCode status) {
    if (status != VP8_STATUS_OK) throw ImageError("is a damaged WebP: " + reason(status));
}

}  // namespace

DecodedImage decode_webp(std::span<const std::byte> bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    WebPDecoderConfig config;
    if (WebPInitDecoderConfig(&config) == 0)
        throw std::runtime_error("libwebp is of another version than its header");
    check(WebPGetFeatures(data, bytes.size(), &config.input));
    if (config.input.has_animation != 0)
        throw ImageError("is an animated WebP; save one frame of it");
    DecodedImage decoded{make_image(config.input.height, config.input.width),
                         orientation_of(bytes)};
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = decoded.image.rgb.data();
    config.output.u.RGBA.stride = decoded.image.width * 3;
    config.output.u.RGBA.size = decoded.image.rgb.size();
    const VP8StatusCode status = WebPDecode(data, bytes.size(), &config);
    WebPFreeDecBuffer(&config.output);
    check(status);
    return decoded;
}

}  // namespace decodemeter::molmo
