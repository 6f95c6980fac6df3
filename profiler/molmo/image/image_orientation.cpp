#include <optional>
#include <utility>

#include "profiler/molmo/image/image_codecs.hpp"

namespace decodemeter::molmo {

namespace {

// Numbers of a TIFF structure; none beyond its end.
class TiffReader {
public:
    TiffReader(std::span<const std::byte> bytes, bool big_endian)
        : bytes_(bytes), big_endian_(big_endian) {}

    std::optional<std::uint32_t> u16(std::size_t at) const { return number(at, 2); }
    std::optional<std::uint32_t> u32(std::size_t at) const { return number(at, 4); }

private:
    std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
        if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t from_top = big_endian_ ? i : size - 1 - i;
            value = value << 8 | std::to_integer<std::uint32_t>(bytes_[at + from_top]);
        }
        return value;
    }

    std::span<const std::byte> bytes_;
    bool big_endian_;
};

constexpr std::uint32_t orientation_tag = 0x0112;
constexpr std::uint32_t type_short = 3;
constexpr std::size_t entry_bytes = 12;

// Where pixel (y, x) of the upright image lies in the stored one.
struct Turn {
    bool transpose;
    bool flip_rows;  // of the stored image
    bool flip_columns;
};

Turn turn_of(int orientation) {
    switch (orientation) {
        case 2:
            return {false, false, true};
        case 3:
            return {false, true, true};
        case 4:
            return {false, true, false};
        case 5:
            return {true, false, false};
        case 6:
            return {true, true, false};
        case 7:
            return {true, true, true};
        case 8:
            return {true, false, true};
        default:
            return {false, false, false};
    }
}

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
    if (tiff.size() < 8) return 1;
    const bool big_endian = tiff[0] == std::byte{'M'};
    const TiffReader reader(tiff, big_endian);
    const auto mark = reader.u16(0);
    const auto version = reader.u16(2);
    if ((mark != 0x4949 && mark != 0x4D4D) || version != 42) return 1;
    const std::size_t directory = *reader.u32(4);
    const auto entries = reader.u16(directory);
    for (std::size_t i = 0; entries && i < *entries; ++i) {
        const std::size_t entry = directory + 2 + i * entry_bytes;
        const auto tag = reader.u16(entry);
        const auto type = reader.u16(entry + 2);
        const auto value = reader.u16(entry + 8);
        if (!value) return 1;
        if (tag == orientation_tag && type == type_short)
            return *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
    }
    return 1;
}

Image upright(Image image, int orientation) {
    if (orientation <= 1) return image;
    const Turn turn = turn_of(orientation);
    Image turned;
    turned.height = turn.transpose ? image.width : image.height;
    turned.width = turn.transpose ? image.height : image.width;
    turned.rgb.resize(image.rgb.size());
    std::uint8_t* out = turned.rgb.data();
    for (int y = 0; y < turned.height; ++y) {
        for (int x = 0; x < turned.width; ++x) {
            int row = turn.transpose ? x : y;
            int column = turn.transpose ? y : x;
            if (turn.flip_rows) row = image.height - 1 - row;
            if (turn.flip_columns) column = image.width - 1 - column;
            const std::uint8_t* in =
                &image.rgb[(static_cast<std::size_t>(row) * image.width + column) * 3];
            *out++ = in[0];
            *out++ = in[1];
            *out++ = in[2];
        }
    }
    return turned;
}

}  // namespace decodemeter::molmo
