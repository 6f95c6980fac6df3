#include "tests/molmo/image/written_images.hpp"

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <cstdio>

#include <cstdlib>
#include <stdexcept>

namespace decodemeter::test {

namespace {

void append(png_structp png, png_bytep bytes, std::size_t count) {
    static_cast<std::string*>(png_get_io_ptr(png))
        ->append(reinterpret_cast<const char*>(bytes), count);
}

int channels_of(int color_type) {
    switch (color_type) {
        case PNG_COLOR_TYPE_GRAY_ALPHA:
            return 2;
        case PNG_COLOR_TYPE_RGB:
            return 3;
        case PNG_COLOR_TYPE_RGB_ALPHA:
            return 4;
        default:
            return 1;
    }
}

std::string little_endian(std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xFF);
    return text;
}

}  // namespace

std::string exif_block(int orientation, bool big_endian) {
    const auto number = [&](std::uint32_t value, int bytes) {
        const std::string text = little_endian(value, bytes);
        return big_endian ? std::string(text.rbegin(), text.rend()) : text;
    };
    return (big_endian ? "MM" : "II") + number(42, 2) + number(8, 4) + number(2, 2) +  //
           number(0x0100, 2) + number(4, 2) + number(1, 4) + number(640, 4) +  // another tag first
           number(0x0112, 2) + number(3, 2) + number(1, 4) +
           number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) + number(0, 4);
}

std::string png_file(int height, int width, const std::vector<std::uint8_t>& rows,
                     const PngOptions& options) {
    std::string file;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, append, nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
                 options.bit_depth, options.color_type,
                 options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    std::vector<png_color> palette;
    for (std::size_t i = 0; i + 2 < options.palette.size(); i += 3) {
        palette.push_back({options.palette[i], options.palette[i + 1], options.palette[i + 2]});
    }
    if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
    std::string exif = exif_block(options.orientation, true);
    if (options.orientation > 1) {
        png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()),
                       reinterpret_cast<png_bytep>(exif.data()));
    }
    png_write_info(png, info);
    const std::size_t stride =
        (static_cast<std::size_t>(width) *
             static_cast<std::size_t>(channels_of(options.color_type) * options.bit_depth) +
         7) /
        8;
    std::vector<std::uint8_t> copy = rows;
    std::vector<png_bytep> pointers;
    for (int y = 0; y < height; ++y)
        pointers.push_back(copy.data() + static_cast<std::size_t>(y) * stride);
    png_write_image(png, pointers.data());
    png_write_end(png, nullptr);
    png_destroy_write_struct(&png, &info);
    return file;
}

std::string jpeg_file(int height, int width, const std::vector<std::uint8_t>& pixels,
                      const JpegOptions& options) {
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = static_cast<JDIMENSION>(width);
    jpeg.image_height = static_cast<JDIMENSION>(height);
    jpeg.input_components = options.components;
    jpeg.in_color_space = options.components == 1   ? JCS_GRAYSCALE
                          : options.components == 4 ? JCS_CMYK
                                                    : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    if (options.adobe_ycck) jpeg_set_colorspace(&jpeg, JCS_YCCK);
    jpeg_set_quality(&jpeg, options.quality, TRUE);
    for (int i = 0; i < jpeg.num_components; ++i)
        jpeg.comp_info[i].h_samp_factor = jpeg.comp_info[i].v_samp_factor = 1;
    if (options.progressive) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (options.orientation > 1) {
        const std::string exif =
            std::string("Exif\0\0", 6) + exif_block(options.orientation, false);
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                          static_cast<unsigned>(exif.size()));
    }
    std::vector<std::uint8_t> copy = pixels;
    const std::size_t stride = static_cast<std::size_t>(width * options.components);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = copy.data() + jpeg.next_scanline * stride;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    std::string file(reinterpret_cast<const char*>(bytes), size);
    std::free(bytes);
    return file;
}

std::string webp_file(int height, int width, const std::vector<std::uint8_t>& pixels, bool alpha) {
    std::uint8_t* bytes = nullptr;
    const std::size_t size =
        alpha ? WebPEncodeLosslessRGBA(pixels.data(), width, height, width * 4, &bytes)
              : WebPEncodeLosslessRGB(pixels.data(), width, height, width * 3, &bytes);
    if (size == 0) throw std::runtime_error("libwebp wrote nothing");
    std::string file(reinterpret_cast<const char*>(bytes), size);
    WebPFree(bytes);
    return file;
}

std::string webp_with_orientation(const std::string& file, int height, int width, int orientation) {
    constexpr std::uint32_t exif_flag = 8;
    const std::string image = file.substr(12);
    const std::string exif = exif_block(orientation, false);
    std::string body = "WEBPVP8X" + little_endian(10, 4) + little_endian(exif_flag, 4) +
                       little_endian(static_cast<std::uint32_t>(width - 1), 3) +
                       little_endian(static_cast<std::uint32_t>(height - 1), 3) + image + "EXIF" +
                       little_endian(static_cast<std::uint32_t>(exif.size()), 4) + exif;
    if (exif.size() % 2 != 0) body += '\0';
    return "RIFF" + little_endian(static_cast<std::uint32_t>(body.size()), 4) + body;
}

}  // namespace decodemeter::test
