#include <cstdio>
// jpeglib.h needs size_t and FILE, and jerror.h needs jpeglib.h.
#include <jpeglib.h>
//
#include <jerror.h>

#include <array>
#include <csetjmp>
#include <cstring>

#include "profiler/molmo/image/image_codecs.hpp"

namespace decodemeter::molmo {

namespace {

constexpr int max_scans = 500;  // of a progressive file; each costs a pass over all coefficients
constexpr unsigned exif_marker = JPEG_APP0 + 1;
constexpr std::string_view exif_start("Exif\0\0", 6);

// Note [Errors of the C image libraries]
// libjpeg and libpng leave a failed call by longjmp, which must not skip destructors. So each is
// called only inside guarded(): the jump lands there, and between it and the library's frame lies
// only a lambda whose locals are trivial. The reason travels in the decoder, which outlives the
// jump.
struct Decoder {
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf failed{};
    std::array<char, JMSG_LENGTH_MAX> reason{};

    Decoder();
    ~Decoder() { jpeg_destroy_decompress(&jpeg); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
};

[[noreturn]] void leave(j_common_ptr info) {
    auto* decoder = static_cast<Decoder*>(info->client_data);
    info->err->format_message(info, decoder->reason.data());
    std::longjmp(decoder->failed, 1);
}

// Warnings that mean lost pixels end the decoding; what libjpeg repairs without loss (stray bytes
// between markers, odd version numbers) passes.
void take_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    const int code = info->err->msg_code;
    if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
        code == JWRN_ARITH_BAD_CODE) {
        leave(info);
    }
}

void refuse_many_scans(j_common_ptr info) {
    auto* decoder = static_cast<Decoder*>(info->client_data);
    if (decoder->jpeg.input_scan_number <= max_scans) return;
    std::snprintf(decoder->reason.data(), decoder->reason.size(), "more than %d scans", max_scans);
    std::longjmp(decoder->failed, 1);
}

Decoder::Decoder() {
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = leave;
    errors.emit_message = take_message;
    jpeg.client_data = this;
    progress.progress_monitor = refuse_many_scans;
}

template <class Steps>
void guarded(Decoder& decoder, const Steps& steps) {
    if (setjmp(decoder.failed) != 0)
        throw ImageError("is a damaged JPEG: " + std::string(decoder.reason.data()));
    steps();
}

void read_header(Decoder& decoder, std::span<const std::byte> bytes) {
    guarded(decoder, [&] {
        jpeg_create_decompress(&decoder.jpeg);
        decoder.jpeg.client_data = &decoder;
        decoder.jpeg.progress = &decoder.progress;
        jpeg_mem_src(&decoder.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size());
        jpeg_save_markers(&decoder.jpeg, exif_marker, 0xFFFF);
        jpeg_read_header(&decoder.jpeg, TRUE);
        const bool four = decoder.jpeg.num_components == 4;
        decoder.jpeg.out_color_space = four ? JCS_CMYK : JCS_RGB;
    });
    const int components = decoder.jpeg.num_components;
    if (components != 1 && components != 3 && components != 4) {
        throw ImageError("is a JPEG of " + std::to_string(components) +
                         " components, neither gray nor color");
    }
}

int orientation_of(const Decoder& decoder) {
    for (const jpeg_marker_struct* marker = decoder.jpeg.marker_list; marker != nullptr;
         marker = marker->next) {
        const std::string_view text(reinterpret_cast<const char*>(marker->data),
                                    marker->data_length);
        if (marker->marker == exif_marker && text.substr(0, exif_start.size()) == exif_start) {
            return exif_orientation(std::as_bytes(std::span(text)).subspan(exif_start.size()));
        }
    }
    return 1;
}

// `stride` bytes a row.
void read_rows(Decoder& decoder, std::uint8_t* pixels, std::size_t stride) {
    guarded(decoder, [&] {
        jpeg_start_decompress(&decoder.jpeg);
        while (decoder.jpeg.output_scanline < decoder.jpeg.output_height) {
            JSAMPROW row = pixels + decoder.jpeg.output_scanline * stride;
            jpeg_read_scanlines(&decoder.jpeg, &row, 1);
        }
        jpeg_finish_decompress(&decoder.jpeg);
    });
}

// value * scale / 255, rounded to nearest.
std::uint8_t scaled(unsigned value, unsigned scale) {
    const unsigned product = value * scale + 128;
    return static_cast<std::uint8_t>((product + (product >> 8)) >> 8);
}

// Adobe writes ink as 255 - amount, so a stored value is already the light that the ink lets
// through.
void cmyk_to_rgb(std::span<const std::uint8_t> cmyk, std::span<std::uint8_t> rgb) {
    for (std::size_t i = 0, o = 0; o < rgb.size(); i += 4, o += 3) {
        const unsigned light = cmyk[i + 3];
        for (std::size_t channel = 0; channel < 3; ++channel) {
            rgb[o + channel] =
                static_cast<std::uint8_t>(light - scaled(255U - cmyk[i + channel], light));
        }
    }
}

}  // namespace

DecodedImage decode_jpeg(std::span<const std::byte> bytes) {
    Decoder decoder;
    read_header(decoder, bytes);
    const auto width = static_cast<std::size_t>(decoder.jpeg.image_width);
    DecodedImage decoded{make_image(decoder.jpeg.image_height, decoder.jpeg.image_width),
                         orientation_of(decoder)};
    if (decoder.jpeg.out_color_space == JCS_CMYK) {
        std::vector<std::uint8_t> cmyk(decoded.image.rgb.size() / 3 * 4);
        read_rows(decoder, cmyk.data(), width * 4);
        cmyk_to_rgb(cmyk, decoded.image.rgb);
    } else {
        read_rows(decoder, decoded.image.rgb.data(), width * 3);
    }
    return decoded;
}

}  // namespace decodemeter::molmo
