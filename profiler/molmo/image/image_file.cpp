#include "profiler/molmo/image/image_file.hpp"

#include <array>
#include <string_view>

#include "profiler/molmo/image/image_codecs.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"

namespace decodemeter::molmo {

namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool begins(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

// What people most often have instead.
std::string_view other_format(std::string_view text) {
    if (text.empty()) return "the file is empty";
    if (begins(text, "GIF8")) return "it is a GIF";
    if (begins(text, "BM")) return "it looks like a BMP";
    if (begins(text, "II*\0") || begins(text, std::string_view("MM\0*", 4))) return "it is a TIFF";
    if (text.size() >= 12 && text.substr(4, 4) == "ftyp") return "it looks like HEIC or AVIF";
    if (begins(text, "%PDF")) return "it is a PDF";
    if (begins(text, "<")) return "it looks like a web page or SVG";
    return "its first bytes are those of none of them";
}

DecodedImage decode_any(std::span<const std::byte> bytes) {
    using namespace std::string_view_literals;
    const std::string_view text = as_text(bytes);
    if (begins(text, "\xFF\xD8\xFF")) return decode_jpeg(bytes);
    if (begins(text, "\x89PNG\r\n\x1A\n")) return decode_png(bytes);
    if (begins(text, "RIFF") && text.size() >= 12 && text.substr(8, 4) == "WEBP"sv)
        return decode_webp(bytes);
    throw ImageError("is not a JPEG, PNG or WebP image: " + std::string(other_format(text)));
}

}  // namespace

Image make_image(std::int64_t height, std::int64_t width) {
    if (height < 1 || width < 1) throw ImageError("is an image without pixels");
    if (height > max_image_side || width > max_image_side || height * width > max_image_pixels) {
        throw ImageError("is an image of " + std::to_string(width) + " x " +
                         std::to_string(height) + " pixels, above the limit of " +
                         std::to_string(max_image_side) + " a side and " +
                         std::to_string(max_image_pixels) + " in all");
    }
    Image image;
    image.height = static_cast<int>(height);
    image.width = static_cast<int>(width);
    image.rgb.resize(static_cast<std::size_t>(height * width) * 3);
    return image;
}

Image decode_image(std::span<const std::byte> bytes, const std::string& origin) {
    try {
        DecodedImage decoded = decode_any(bytes);
        return upright(std::move(decoded.image), decoded.orientation);
    } catch (const ImageError& error) {
        throw InputError(origin + ": " + error.what());
    }
}

Image read_image(const std::filesystem::path& path) {
    const std::string bytes = read_input_file(path, max_image_file_bytes);
    return decode_image(std::as_bytes(std::span(bytes)), path.string());
}

}  // namespace decodemeter::molmo
