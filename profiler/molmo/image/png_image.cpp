#include <png.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "profiler/molmo/image/image_codecs.hpp"

namespace decodemeter::molmo {

namespace {

// See Note [Errors of the C image libraries].
struct Decoder {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::span<const std::byte> rest;
    std::array<char, 256> reason{};

    explicit Decoder(std::span<const std::byte> bytes);
    ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
};

[[noreturn]] void leave(png_structp png, png_const_charp message) {
    auto* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
    std::snprintf(decoder->reason.data(), decoder->reason.size(), "%s", message);
    png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
    auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
    if (decoder->rest.size() < count) png_error(png, "the file is cut short");
    std::memcpy(out, decoder->rest.data(), count);
    decoder->rest = decoder->rest.subspan(count);
}

Decoder::Decoder(std::span<const std::byte> bytes)
    : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, leave, ignore_warning)), rest(bytes) {
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) throw std::bad_alloc();
    png_set_read_fn(png, this, read_bytes);
    png_set_user_limits(png, 0x7FFFFFFF,
                        0x7FFFFFFF);  // make_image sets the limit, with a message that says so
}

template <class Steps>
void guarded(Decoder& decoder, const Steps& steps) {
    if (setjmp(png_jmpbuf(decoder.png)) != 0)
        throw ImageError("is a damaged PNG: " + std::string(decoder.reason.data()));
    steps();
}

// Any PNG to three channels of eight bits: palettes looked up, low depths spread over 0 to 255, of
// 16 bits the upper 8, alpha dropped, transparency left aside.
void ask_for_rgb(Decoder& decoder) {
    const png_byte color = png_get_color_type(decoder.png, decoder.info);
    const png_byte depth = png_get_bit_depth(decoder.png, decoder.info);
    if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(decoder.png);
    if (color == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(decoder.png);
    if (depth == 16) png_set_strip_16(decoder.png);
    if (color == PNG_COLOR_TYPE_GRAY || color == PNG_COLOR_TYPE_GRAY_ALPHA)
        png_set_gray_to_rgb(decoder.png);
    png_set_strip_alpha(decoder.png);
    png_set_interlace_handling(decoder.png);
}

int orientation_of(Decoder& decoder) {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    guarded(decoder, [&] {
        if (png_get_eXIf_1(decoder.png, decoder.info, &size, &exif) == 0) size = 0;
    });
    return exif_orientation(std::as_bytes(std::span<const unsigned char>(exif, size)));
}

}  // namespace

DecodedImage decode_png(std::span<const std::byte> bytes) {
    Decoder decoder(bytes);
    guarded(decoder, [&] { png_read_info(decoder.png, decoder.info); });
    DecodedImage decoded{make_image(png_get_image_height(decoder.png, decoder.info),
                                    png_get_image_width(decoder.png, decoder.info))};
    std::vector<png_bytep> rows(static_cast<std::size_t>(decoded.image.height));
    const std::size_t stride = static_cast<std::size_t>(decoded.image.width) * 3;
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = decoded.image.rgb.data() + y * stride;
    guarded(decoder, [&] {
        ask_for_rgb(decoder);
        png_read_update_info(decoder.png, decoder.info);
        if (png_get_rowbytes(decoder.png, decoder.info) != stride)
            png_error(decoder.png, "its rows are of an unknown kind");
        png_read_image(decoder.png, rows.data());
        png_read_end(decoder.png, decoder.info);
    });
    decoded.orientation = orientation_of(decoder);
    return decoded;
}

}  // namespace decodemeter::molmo
