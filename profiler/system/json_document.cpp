#include "profiler/system/json_document.hpp"

#include <simdjson.h>

#include <bit>
#include <cmath>

#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"

namespace decodemeter {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using Handle = std::array<std::uintptr_t, 2>;

static_assert(sizeof(element) == sizeof(Handle) && std::is_trivially_copyable_v<element>);

element element_of(const Handle& handle) { return std::bit_cast<element>(handle); }
Handle handle_of(const element& value) { return std::bit_cast<Handle>(value); }

std::string text_of(double value) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%g", value);
    return buffer.data();
}

// Long enough to recognize a value by.
std::string shortened(const std::string& text) {
    constexpr std::size_t longest = 60;
    return text.size() <= longest ? text : text.substr(0, longest) + "...";
}

// Appends the place of `wanted` below `value`; false where it is not there.
bool append_place(const element& value, const Handle& wanted, std::string& place) {
    if (handle_of(value) == wanted) return true;
    const std::size_t length = place.size();
    if (simdjson::dom::object object; !value.get_object().get(object)) {
        for (const auto field : object) {
            if (!place.empty()) place += '.';
            place += field.key;
            if (append_place(field.value, wanted, place)) return true;
            place.resize(length);
        }
    } else if (simdjson::dom::array array; !value.get_array().get(array)) {
        std::size_t index = 0;
        for (const element item : array) {
            place += '[' + std::to_string(index++) + ']';
            if (append_place(item, wanted, place)) return true;
            place.resize(length);
        }
    }
    return false;
}

std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    return text.substr(0, mark.size()) == mark ? text.substr(mark.size()) : text;
}

}  // namespace

struct JsonDocument::Parsed {
    simdjson::dom::parser parser;
    element root;
};

bool JsonValue::is_null() const { return element_of(handle_).is_null(); }
bool JsonValue::is_object() const { return element_of(handle_).is_object(); }
bool JsonValue::is_array() const { return element_of(handle_).is_array(); }
bool JsonValue::is_string() const { return element_of(handle_).is_string(); }
bool JsonValue::is_number() const { return element_of(handle_).is_number(); }
bool JsonValue::is_boolean() const { return element_of(handle_).is_bool(); }

std::optional<JsonValue> JsonValue::find(std::string_view field) const {
    simdjson::dom::object object;
    if (element_of(handle_).get_object().get(object)) fail("must be an object");
    element value;
    if (object.at_key(field).get(value) || value.is_null()) return std::nullopt;
    return JsonValue(document_, handle_of(value));
}

JsonValue JsonValue::at(std::string_view field) const {
    const auto value = find(field);
    if (!value) fail("has no field \"" + std::string(field) + "\"");
    return *value;
}

std::vector<JsonField> JsonValue::fields() const {
    simdjson::dom::object object;
    if (element_of(handle_).get_object().get(object)) fail("must be an object");
    std::vector<JsonField> fields;
    fields.reserve(object.size());
    for (const auto field : object)
        fields.push_back({field.key, JsonValue(document_, handle_of(field.value))});
    return fields;
}

std::vector<JsonValue> JsonValue::elements() const {
    simdjson::dom::array array;
    if (element_of(handle_).get_array().get(array)) fail("must be an array");
    std::vector<JsonValue> elements;
    elements.reserve(array.size());
    for (const element item : array) elements.push_back(JsonValue(document_, handle_of(item)));
    return elements;
}

std::int64_t JsonValue::integer(std::int64_t minimum, std::int64_t maximum) const {
    std::int64_t value = 0;
    if (element_of(handle_).get_int64().get(value) || value < minimum || value > maximum) {
        fail("must be an integer from " + std::to_string(minimum) + " to " +
             std::to_string(maximum));
    }
    return value;
}

int JsonValue::small_integer(int minimum, int maximum) const {
    return static_cast<int>(integer(minimum, maximum));
}

double JsonValue::number(double minimum, double maximum) const {
    double value = 0;
    if (element_of(handle_).get_double().get(value) || !(value >= minimum && value <= maximum)) {
        fail("must be a number from " + text_of(minimum) + " to " + text_of(maximum));
    }
    return value;
}

bool JsonValue::boolean() const {
    bool value = false;
    if (element_of(handle_).get_bool().get(value)) fail("must be true or false");
    return value;
}

std::string_view JsonValue::string() const {
    std::string_view value;
    if (element_of(handle_).get_string().get(value)) fail("must be a string");
    return value;
}

void JsonValue::fail(std::string_view what) const {
    const std::string place = document_->place_of(*this);
    std::string message =
        document_->origin() + ": " + (place.empty() ? "" : place + ": ") + std::string(what);
    if (!is_object() && !is_array())
        message += ", is " + shortened(simdjson::minify(element_of(handle_)));
    throw InputError(message);
}

JsonDocument::JsonDocument(std::string_view text, std::string origin)
    : origin_(std::move(origin)), parsed_(std::make_unique<Parsed>()) {
    text = without_byte_order_mark(text);
    auto error = parsed_->parser.allocate(std::max<std::size_t>(text.size(), 64), max_depth);
    if (!error) error = parsed_->parser.parse(text.data(), text.size()).get(parsed_->root);
    if (error) {
        throw InputError(origin_ + ": is not valid JSON, at most " + std::to_string(max_depth) +
                         " levels deep: " + simdjson::error_message(error));
    }
}

JsonDocument::~JsonDocument() = default;

std::unique_ptr<const JsonDocument> JsonDocument::parse(std::string_view text, std::string origin) {
    return std::unique_ptr<const JsonDocument>(new JsonDocument(text, std::move(origin)));
}

std::unique_ptr<const JsonDocument> JsonDocument::read(const std::filesystem::path& path,
                                                       std::size_t limit_bytes) {
    return parse(read_input_file(path, limit_bytes), path.string());
}

JsonValue JsonDocument::root() const { return {this, handle_of(parsed_->root)}; }

std::string JsonDocument::place_of(const JsonValue& value) const {
    std::string place;
    append_place(parsed_->root, value.handle_, place);
    return place;
}

}  // namespace decodemeter
