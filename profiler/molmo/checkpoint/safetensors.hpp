// Tensors in the safetensors format: eight bytes of header length, a JSON header, the data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/system/file.hpp"

namespace decodemeter::molmo {

enum class DType {
    boolean,
    u8,
    i8,
    f8_e4m3,
    f8_e5m2,
    u16,
    i16,
    f16,
    bf16,
    u32,
    i32,
    f32,
    u64,
    i64,
    f64
};

std::size_t size_bytes(DType dtype) noexcept;
// "BF16", as the format writes it.
std::string_view to_string(DType dtype) noexcept;

// Little-endian, row-major. The format promises no alignment: copy the bytes before reading them as
// numbers, or check.
struct TensorView {
    std::string name;
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
};

// "F32 [2, 3]", for messages.
std::string describe(DType dtype, std::span<const std::int64_t> shape);

// Limits that keep a hostile header from costing memory; real ones stay far below both.
inline constexpr std::size_t max_header_bytes =
    100'000'000;  // the reference implementation's limit
inline constexpr std::size_t max_tensors = 100'000;
inline constexpr std::size_t max_rank = 8;

struct SafetensorsContents {
    std::vector<TensorView> tensors;  // in the order of their bytes
    std::map<std::string, std::string> metadata;
};

// Reads and checks a header; the views point into `file`. Throws InputError with `origin` and the
// reason: cut short, a header too long or not JSON, an unknown dtype, a shape that disagrees with
// its byte count, a name that occurs twice, byte ranges that overlap, leave holes (which the format
// forbids) or lie outside the file, or too many tensors.
SafetensorsContents parse_safetensors(std::span<const std::byte> file, const std::string& origin);

// A mapped file of tensors. Movable; views stay valid when it is moved.
class SafetensorsFile {
public:
    explicit SafetensorsFile(const std::filesystem::path& path);

    const std::filesystem::path& path() const noexcept { return path_; }
    const std::vector<TensorView>& tensors() const noexcept { return contents_.tensors; }
    const std::map<std::string, std::string>& metadata() const noexcept {
        return contents_.metadata;
    }
    // Null where there is none of that name.
    const TensorView* find(std::string_view name) const;
    // Throws InputError where there is none of that name.
    const TensorView& at(std::string_view name) const;

private:
    std::filesystem::path path_;
    MappedFile file_;
    SafetensorsContents contents_;
    std::map<std::string_view, const TensorView*> by_name_;
};

// Writes the tensors in the order given. Throws std::runtime_error where the file cannot be
// written.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace decodemeter::molmo
