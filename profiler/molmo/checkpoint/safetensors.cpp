#include "profiler/molmo/checkpoint/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_set>

#include "profiler/system/error.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter::molmo {

namespace {

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian and is not converted");

struct DTypeRow {
    std::string_view name;
    std::size_t size_bytes;
};
constexpr std::array<DTypeRow, 15> dtype_rows = {{{"BOOL", 1},
                                                  {"U8", 1},
                                                  {"I8", 1},
                                                  {"F8_E4M3", 1},
                                                  {"F8_E5M2", 1},
                                                  {"U16", 2},
                                                  {"I16", 2},
                                                  {"F16", 2},
                                                  {"BF16", 2},
                                                  {"U32", 4},
                                                  {"I32", 4},
                                                  {"F32", 4},
                                                  {"U64", 8},
                                                  {"I64", 8},
                                                  {"F64", 8}}};

constexpr std::size_t length_bytes = sizeof(std::uint64_t);
constexpr std::int64_t max_offset = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void fail(const std::string& origin, const std::string& reason) {
    throw InputError(origin + ": " + reason);
}

std::string_view header_text(std::span<const std::byte> file, const std::string& origin) {
    if (file.size() < length_bytes) {
        fail(origin, "is cut short: " + std::to_string(file.size()) +
                         " bytes, less than a safetensors header length");
    }
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), length_bytes);
    if (length > max_header_bytes) {
        fail(origin, "claims a header of " + std::to_string(length) +
                         " bytes, above the limit of " + std::to_string(max_header_bytes) +
                         "; this is no safetensors file, or a damaged one");
    }
    if (length > file.size() - length_bytes) {
        fail(origin, "is cut short: its header should have " + std::to_string(length) +
                         " bytes, but only " + std::to_string(file.size() - length_bytes) +
                         " follow");
    }
    const std::string_view text(reinterpret_cast<const char*>(file.data()) + length_bytes, length);
    if (text.empty() || text.front() != '{')
        fail(origin, "its header does not begin with '{'; this is no safetensors file");
    return text;
}

DType parse_dtype(const JsonValue& json) {
    const std::string_view name = json.string();
    const auto row = std::find_if(dtype_rows.begin(), dtype_rows.end(),
                                  [&](const DTypeRow& r) { return r.name == name; });
    if (row == dtype_rows.end()) json.fail("is an unknown dtype");
    return static_cast<DType>(row - dtype_rows.begin());
}

std::vector<std::int64_t> parse_shape(const JsonValue& json) {
    const auto sizes = json.elements();
    if (sizes.size() > max_rank)
        json.fail("has more than " + std::to_string(max_rank) + " dimensions");
    std::vector<std::int64_t> shape;
    for (const JsonValue& size : sizes) shape.push_back(size.integer(0, max_offset));
    return shape;
}

// None where the product exceeds 2^63.
std::optional<std::size_t> count_bytes(DType dtype, std::span<const std::int64_t> shape) {
    std::int64_t bytes = static_cast<std::int64_t>(size_bytes(dtype));
    for (const std::int64_t size : shape) {
        if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
    }
    return static_cast<std::size_t>(bytes);
}

TensorView parse_tensor(const JsonField& field, std::span<const std::byte> data) {
    TensorView tensor{std::string(field.name),
                      parse_dtype(field.value.at("dtype")),
                      parse_shape(field.value.at("shape")),
                      {}};
    const JsonValue range = field.value.at("data_offsets");
    const auto offsets = range.elements();
    if (offsets.size() != 2) range.fail("must have a begin and an end");
    const auto begin = static_cast<std::size_t>(offsets[0].integer(0, max_offset));
    const auto end = static_cast<std::size_t>(offsets[1].integer(0, max_offset));
    if (begin > end || end > data.size()) {
        range.fail("[" + std::to_string(begin) + ", " + std::to_string(end) +
                   ") lies outside the " + std::to_string(data.size()) +
                   " bytes of data; the file is cut short or damaged");
    }
    if (count_bytes(tensor.dtype, tensor.shape) != end - begin) {
        field.value.fail(describe(tensor.dtype, tensor.shape) + " does not fill its " +
                         std::to_string(end - begin) + " bytes");
    }
    tensor.bytes = data.subspan(begin, end - begin);
    return tensor;
}

void parse_metadata(const JsonValue& json, std::map<std::string, std::string>& metadata) {
    for (const JsonField& field : json.fields()) metadata.emplace(field.name, field.value.string());
}

void sort_by_position(std::vector<TensorView>& tensors) {
    std::sort(tensors.begin(), tensors.end(), [](const TensorView& a, const TensorView& b) {
        // An empty tensor sorts before the one that begins where it lies.
        return std::pair(a.bytes.data(), a.bytes.size()) <
               std::pair(b.bytes.data(), b.bytes.size());
    });
}

void check_coverage(std::span<const TensorView> sorted, std::span<const std::byte> data,
                    const std::string& origin) {
    const std::byte* covered = data.data();
    for (const TensorView& tensor : sorted) {
        if (tensor.bytes.data() < covered)
            fail(origin, "the bytes of \"" + tensor.name + "\" overlap those of another tensor");
        if (tensor.bytes.data() > covered)
            fail(origin, "there is a hole before the bytes of \"" + tensor.name + "\"");
        covered = tensor.bytes.data() + tensor.bytes.size();
    }
    const auto rest = data.data() + data.size() - covered;
    if (rest != 0) fail(origin, std::to_string(rest) + " bytes at the end belong to no tensor");
}

}  // namespace

std::size_t size_bytes(DType dtype) noexcept {
    return dtype_rows[static_cast<std::size_t>(dtype)].size_bytes;
}

std::string_view to_string(DType dtype) noexcept {
    return dtype_rows[static_cast<std::size_t>(dtype)].name;
}

std::string describe(DType dtype, std::span<const std::int64_t> shape) {
    std::string text = std::string(to_string(dtype)) + " [";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    return text + "]";
}

SafetensorsContents parse_safetensors(std::span<const std::byte> file, const std::string& origin) {
    const std::string_view text = header_text(file, origin);
    const auto data = file.subspan(length_bytes + text.size());
    const auto document = JsonDocument::parse(text, origin + " (header)");
    const auto fields = document->root().fields();
    if (fields.size() > max_tensors) {
        fail(origin, "has " + std::to_string(fields.size()) + " tensors, above the limit of " +
                         std::to_string(max_tensors));
    }
    SafetensorsContents contents;
    contents.tensors.reserve(fields.size());
    std::unordered_set<std::string_view> names;
    for (const JsonField& field : fields) {
        if (!names.insert(field.name).second)
            fail(origin, "\"" + std::string(field.name) + "\" occurs twice in the header");
        if (field.name == "__metadata__") {
            parse_metadata(field.value, contents.metadata);
        } else {
            contents.tensors.push_back(parse_tensor(field, data));
        }
    }
    sort_by_position(contents.tensors);
    check_coverage(contents.tensors, data, origin);
    return contents;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), file_(path), contents_(parse_safetensors(file_.bytes(), path.string())) {
    for (const TensorView& tensor : contents_.tensors) by_name_.emplace(tensor.name, &tensor);
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

const TensorView& SafetensorsFile::at(std::string_view name) const {
    const TensorView* tensor = find(name);
    if (tensor == nullptr) fail(path_.string(), "has no tensor \"" + std::string(name) + "\"");
    return *tensor;
}

}  // namespace decodemeter::molmo
