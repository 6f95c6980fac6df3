#include <algorithm>
#include <cstdlib>
#include <random>

#include "profiler/molmo/image/image_codecs.hpp"
#include "profiler/molmo/image/image_file.hpp"
#include "profiler/system/error.hpp"
#include "tests/catch.hpp"
#include "tests/golden_directory.hpp"
#include "tests/molmo/image/written_images.hpp"
#include "tests/temporary_directory.hpp"

using namespace decodemeter;
using namespace decodemeter::molmo;
using namespace decodemeter::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

Image decode(const std::string& file) {
    return decode_image(std::as_bytes(std::span(file)), "picture");
}

Bytes random_bytes(std::size_t count) {
    std::mt19937 random(11);
    Bytes bytes(count);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

// Gray values in both directions, which JPEG keeps within a few steps.
Bytes smooth(int height, int width, int channels) {
    Bytes pixels;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (int c = 0; c < channels; ++c)
                pixels.push_back(static_cast<std::uint8_t>(30 + 4 * y + 3 * x + 20 * c));
        }
    }
    return pixels;
}

int largest_difference(const Bytes& a, const Bytes& b) {
    int largest = a.size() == b.size() ? 0 : 1000;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

// The RGB that each pixel of `channels` bytes comes to: gray replicated, alpha dropped.
Bytes as_rgb(const Bytes& pixels, std::size_t channels) {
    Bytes rgb;
    for (std::size_t i = 0; i < pixels.size(); i += channels) {
        for (std::size_t c = 0; c < 3; ++c) rgb.push_back(pixels[channels < 3 ? i : i + c]);
    }
    return rgb;
}

void refused(const std::string& file, const std::string& why) {
    CAPTURE(why);
    CHECK_THROWS_AS(decode(file), InputError);
    CHECK_THROWS_WITH(decode(file), Catch::StartsWith("picture: ") && Catch::Contains(why));
}

// A PNG's width and height stand at bytes 16 to 23, before a checksum that libpng tests.
std::string png_of_size(std::uint32_t height, std::uint32_t width);

}  // namespace

TEST_CASE("PNG: eight bits of gray, color and alpha, interlaced or not") {
    const bool interlaced = GENERATE(false, true);
    const auto [color_type, channels] =
        GENERATE(std::pair(0, 1), std::pair(2, 3), std::pair(4, 2), std::pair(6, 4));
    const Bytes pixels = random_bytes(static_cast<std::size_t>(13 * 19 * channels));
    const Image image = decode(png_file(13, 19, pixels, {color_type, 8, interlaced, 1, {}}));
    CHECK(image.height == 13);
    CHECK(image.width == 19);
    CHECK(image.rgb == as_rgb(pixels, static_cast<std::size_t>(channels)));
}

TEST_CASE("PNG: of sixteen bits the upper eight are kept") {
    const auto [color_type, channels] =
        GENERATE(std::pair(0, 1), std::pair(2, 3), std::pair(4, 2), std::pair(6, 4));
    const Bytes wide = random_bytes(static_cast<std::size_t>(5 * 7 * channels * 2));
    Bytes upper;
    for (std::size_t i = 0; i < wide.size(); i += 2) upper.push_back(wide[i]);
    CHECK(decode(png_file(5, 7, wide, {color_type, 16, false, 1, {}})).rgb ==
          as_rgb(upper, static_cast<std::size_t>(channels)));
}

TEST_CASE("PNG: low depths of gray are spread over 0 to 255") {
    CHECK(decode(png_file(1, 8, {0b10110001}, {0, 1, false, 1, {}})).rgb ==
          as_rgb({255, 0, 255, 255, 0, 0, 0, 255}, 1));
    CHECK(decode(png_file(1, 4, {0b00011011}, {0, 2, false, 1, {}})).rgb ==
          as_rgb({0, 85, 170, 255}, 1));
    CHECK(decode(png_file(1, 2, {0x1F}, {0, 4, false, 1, {}})).rgb == as_rgb({17, 255}, 1));
}

TEST_CASE("PNG: palettes are looked up at every depth") {
    const Bytes palette = {1, 2, 3, 40, 50, 60, 7, 8, 9, 100, 110, 120};
    const Bytes expected = {40, 50, 60, 100, 110, 120};
    CHECK(decode(png_file(1, 2, {1, 3}, {3, 8, false, 1, palette})).rgb == expected);
    CHECK(decode(png_file(1, 2, {0x13}, {3, 4, false, 1, palette})).rgb == expected);
    CHECK(decode(png_file(1, 2, {0b01110000}, {3, 2, false, 1, palette})).rgb == expected);
}

TEST_CASE("WebP: colors are exact where it is lossless, alpha is dropped") {
    const Bytes rgb = random_bytes(9 * 11 * 3);
    CHECK(decode(webp_file(9, 11, rgb, false)).rgb == rgb);
    Bytes rgba = random_bytes(9 * 11 * 4);
    for (std::size_t i = 3; i < rgba.size(); i += 4)
        rgba[i] |= 1;  // the encoder may alter pixels that cannot be seen
    CHECK(decode(webp_file(9, 11, rgba, true)).rgb == as_rgb(rgba, 4));
}

TEST_CASE("JPEG: color and gray, progressive or not") {
    const bool progressive = GENERATE(false, true);
    const int channels = GENERATE(1, 3);
    const Bytes pixels = smooth(21, 33, channels);
    JpegOptions options;
    options.components = channels;
    options.progressive = progressive;
    const Image image = decode(jpeg_file(21, 33, pixels, options));
    CHECK(image.height == 21);
    CHECK(image.width == 33);
    CHECK(largest_difference(image.rgb, as_rgb(pixels, static_cast<std::size_t>(channels))) <= 3);
}

TEST_CASE("JPEG: CMYK and YCCK are read as Adobe writes them, inverted") {
    // 255 - ink: full light, no light, and cyan.
    Bytes cmyk;
    Bytes rgb;
    for (int i = 0; i < 16 * 16; ++i) {
        cmyk.insert(cmyk.end(), {55, 155, 255, 200});
        rgb.insert(rgb.end(), {43, 122, 200});  // light * K / 255
    }
    JpegOptions options;
    options.components = 4;
    options.adobe_ycck = GENERATE(false, true);
    CHECK(largest_difference(decode(jpeg_file(16, 16, cmyk, options)).rgb, rgb) <= 3);
}

TEST_CASE("The EXIF orientation is applied in all three formats") {
    // 2 x 3 pixels, numbered: 1 2 3 / 4 5 6, and the upright image for each orientation.
    const std::vector<Bytes> upright_of = {{},
                                           {1, 2, 3, 4, 5, 6},
                                           {3, 2, 1, 6, 5, 4},
                                           {6, 5, 4, 3, 2, 1},
                                           {4, 5, 6, 1, 2, 3},
                                           {1, 4, 2, 5, 3, 6},
                                           {4, 1, 5, 2, 6, 3},
                                           {6, 3, 5, 2, 4, 1},
                                           {3, 6, 2, 5, 1, 4}};
    const int orientation = GENERATE(range(1, 9));
    const Bytes stored = as_rgb({1, 2, 3, 4, 5, 6}, 1);
    const Bytes expected = as_rgb(upright_of[static_cast<std::size_t>(orientation)], 1);
    const int height = orientation < 5 ? 2 : 3;
    CAPTURE(orientation);

    const Image png = decode(png_file(2, 3, stored, {2, 8, false, orientation, {}}));
    CHECK(png.height == height);
    CHECK(png.rgb == expected);
    const Image webp =
        decode(webp_with_orientation(webp_file(2, 3, stored, false), 2, 3, orientation));
    CHECK(webp.height == height);
    CHECK(webp.rgb == expected);

    Bytes blocks;  // JPEG blurs single pixels: an 8 x 8 block for each
    for (int y = 0; y < 16; ++y) {
        for (int x = 0; x < 24; ++x)
            blocks.push_back(static_cast<std::uint8_t>(40 * (y / 8 * 3 + x / 8)));
    }
    JpegOptions options;
    options.components = 1;
    options.orientation = orientation;
    const Image jpeg = decode(jpeg_file(16, 24, blocks, options));
    REQUIRE(jpeg.height == 8 * height);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < 6 / height; ++x) {
            const auto pixel =
                jpeg.rgb[static_cast<std::size_t>(((8 * y + 4) * jpeg.width + 8 * x + 4) * 3)];
            const int number = expected[static_cast<std::size_t>(3 * (y * (6 / height) + x))];
            CHECK(std::abs(pixel - 40 * (number - 1)) <= 2);
        }
    }
}

TEST_CASE("An EXIF block that makes no sense is no orientation") {
    const auto orientation = [](const std::string& block) {
        return exif_orientation(std::as_bytes(std::span(block)));
    };
    CHECK(orientation(exif_block(6, true)) == 6);
    CHECK(orientation(exif_block(6, false)) == 6);
    CHECK(orientation(exif_block(9, false)) == 1);
    CHECK(orientation(exif_block(0, false)) == 1);
    CHECK(orientation("") == 1);
    CHECK(orientation("II*") == 1);
    const std::string whole = exif_block(6, false);
    for (std::size_t length = 0; length < 30; ++length)
        CHECK(orientation(whole.substr(0, length)) == 1);
    std::string far = whole;
    far.replace(4, 4, "\xFF\xFF\xFF\x7F");
    CHECK(orientation(far) == 1);
}

TEST_CASE("The golden photograph is read") {
    const Image image = read_image(golden_directory() / "images/photo.png");
    CHECK(image.height == 140);
    CHECK(image.width == 150);
    CHECK(image.rgb.size() == 140 * 150 * 3);
}

TEST_CASE("A file that is cut short is refused, wherever the cut is") {
    const Bytes rgb = random_bytes(20 * 30 * 3);
    JpegOptions progressive;
    progressive.progressive = true;
    const std::string file =
        GENERATE_COPY(png_file(20, 30, rgb, {}), png_file(20, 30, rgb, {2, 8, true, 1, {}}),
                      jpeg_file(20, 30, rgb, {}), jpeg_file(20, 30, rgb, progressive),
                      webp_file(20, 30, rgb, false));
    REQUIRE_NOTHROW(decode(file));
    for (std::size_t length = 0; length + 12 < file.size(); length += 1 + length / 8) {
        CAPTURE(length);
        CHECK_THROWS_AS(decode(file.substr(0, length)), InputError);
    }
}

TEST_CASE("A file that is no image of a known format is refused with what it seems to be") {
    refused("", "is not a JPEG, PNG or WebP image: the file is empty");
    refused("GIF89a...", "it is a GIF");
    refused("BM......", "it looks like a BMP");
    refused(std::string("II*\0........", 12), "it is a TIFF");
    refused("....ftypheic", "it looks like HEIC or AVIF");
    refused("<html>not found</html>", "it looks like a web page");
    refused("hello", "its first bytes are those of none of them");
    refused("\xFF\xD8\xFFgarbage", "is a damaged JPEG: ");
    refused("\x89PNG\r\n\x1A\ngarbage", "is a damaged PNG: ");
    refused("RIFF....WEBPgarbage", "is a damaged WebP: ");
}

TEST_CASE("Damaged pixels are refused, not guessed") {
    std::string png = png_file(20, 30, random_bytes(20 * 30 * 3), {});
    png[png.size() / 2] ^= 0x55;
    refused(png, "is a damaged PNG: ");
    std::string jpeg = jpeg_file(64, 64, random_bytes(64 * 64 * 3), {});
    for (std::size_t i = jpeg.size() / 2; i < jpeg.size() / 2 + 40; ++i) jpeg[i] = '\xFF';
    refused(jpeg, "is a damaged JPEG: ");
}

TEST_CASE("A bomb is refused by its size, before its pixels are allocated") {
    refused(png_of_size(100'000, 100),
            "100 x 100000 pixels, above the limit of 65535 a side and 100000000 in all");
    refused(png_of_size(20'000, 20'000), "20000 x 20000 pixels, above the limit");
    refused(png_of_size(0x7FFFFFFF, 0x7FFFFFFF), "above the limit");
    std::string jpeg = jpeg_file(8, 8, random_bytes(8 * 8 * 3), {});
    const std::size_t frame = jpeg.find("\xFF\xC0");
    REQUIRE(frame != std::string::npos);
    jpeg.replace(frame + 5, 4, "\xF0\x00\xF0\x00", 4);
    refused(jpeg, "61440 x 61440 pixels, above the limit");
}

TEST_CASE("A file is named in the message, and its name does not decide its format") {
    TemporaryDirectory directory;
    write_text(directory / "picture.jpg", png_file(2, 2, random_bytes(12), {}));
    CHECK(read_image(directory / "picture.jpg").width == 2);
    write_text(directory / "broken.png", "nothing");
    CHECK_THROWS_WITH(read_image(directory / "broken.png"),
                      Catch::Contains("broken.png: is not a JPEG"));
    CHECK_THROWS_WITH(read_image(directory / "absent.png"),
                      Catch::Contains("absent.png: no such file"));
}

namespace {

std::uint32_t checksum(const std::string& bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

std::string big_endian(std::uint32_t value) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xFF);
    return text;
}

std::string png_of_size(std::uint32_t height, std::uint32_t width) {
    std::string file = png_file(1, 1, {1, 2, 3}, {});
    file.replace(16, 8, big_endian(width) + big_endian(height));
    return file.replace(29, 4, big_endian(checksum(file.substr(12, 17))));
}

}  // namespace
