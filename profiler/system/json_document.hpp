// Typed, checked reading of JSON that comes from elsewhere. Every failure is an InputError that
// names the file, the place ("vision_backbone.image_num_heads", "data[3].question") and what was
// wanted there.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace decodemeter {

class JsonDocument;
struct JsonField;

// A value inside a JsonDocument, valid as long as that lives. Small; pass by value.
class JsonValue {
public:
    bool is_null() const;
    bool is_object() const;
    bool is_array() const;
    bool is_string() const;
    bool is_number() const;
    bool is_boolean() const;

    // The field of an object; find: none where it is missing or null.
    JsonValue at(std::string_view field) const;
    std::optional<JsonValue> find(std::string_view field) const;
    // All fields in the order of the file; a name that occurs twice is there twice.
    std::vector<JsonField> fields() const;
    std::vector<JsonValue> elements() const;

    std::int64_t integer(std::int64_t minimum, std::int64_t maximum) const;
    int small_integer(int minimum, int maximum) const;
    double number(double minimum, double maximum) const;
    bool boolean() const;
    std::string_view string() const;

    // Throws InputError("<file>: <place>: <what>").
    [[noreturn]] void fail(std::string_view what) const;

private:
    friend class JsonDocument;
    using Handle = std::array<std::uintptr_t, 2>;  // the bits of the parser's own value type
    JsonValue(const JsonDocument* document, Handle handle) : document_(document), handle_(handle) {}

    const JsonDocument* document_;
    Handle handle_;
};

struct JsonField {
    std::string_view name;
    JsonValue value;
};

class JsonDocument {
public:
    static constexpr std::size_t max_depth = 64;

    // `origin` stands at the head of every message: a path, or a path and a line.
    static std::unique_ptr<const JsonDocument> parse(std::string_view text, std::string origin);
    static std::unique_ptr<const JsonDocument> read(const std::filesystem::path& path,
                                                    std::size_t limit_bytes);

    ~JsonDocument();
    JsonDocument(const JsonDocument&) = delete;
    JsonDocument& operator=(const JsonDocument&) = delete;

    JsonValue root() const;
    const std::string& origin() const { return origin_; }
    // "data[3].question", found by a search; empty for the root.
    std::string place_of(const JsonValue& value) const;

private:
    struct Parsed;
    JsonDocument(std::string_view text, std::string origin);

    std::string origin_;
    std::unique_ptr<Parsed> parsed_;
};

}  // namespace decodemeter
