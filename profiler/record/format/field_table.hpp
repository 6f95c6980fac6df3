// Tables of an object's fields, in the order in which they are written, so that the next field in a
// file is nearly always the next entry.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "profiler/record/format/line_state.hpp"

namespace decodemeter {

// A field's name as it stands in compact JSON, `"name":`, to be compared a word at a time.
class FieldName {
public:
    consteval FieldName(const char* name) {
        while (name[size_] != '\0') ++size_;
        std::array<unsigned char, bytes> text{}, mask{};
        text[0] = '"';
        for (std::size_t i = 0; i < size_; ++i) text[i + 1] = static_cast<unsigned char>(name[i]);
        text[size_ + 1] = '"';
        text[size_ + 2] = ':';
        for (std::size_t i = 0; i < quoted_size(); ++i) mask[i] = 0xff;
        name_ = name;
        text_ = std::bit_cast<Words>(text);
        mask_ = std::bit_cast<Words>(mask);
    }

    constexpr std::string_view name() const noexcept { return {name_, size_}; }
    constexpr std::size_t quoted_size() const noexcept { return size_ + 3; }

    // Whether `text` begins with the quoted name and its colon. Reads up to 32 bytes.
    bool matches(const char* text) const noexcept {
        std::uint64_t difference = 0;
        for (std::size_t word = 0; 8 * word < quoted_size(); ++word) {
            std::uint64_t found;
            std::memcpy(&found, text + 8 * word, sizeof found);
            difference |= (found ^ text_[word]) & mask_[word];
        }
        return difference == 0;
    }

private:
    static constexpr std::size_t bytes = 32;
    using Words = std::array<std::uint64_t, bytes / 8>;

    const char* name_ = nullptr;
    std::size_t size_ = 0;
    Words text_{}, mask_{};
};

// How the value of one field gets into the target.
template <class Value, class Target>
struct Field {
    FieldName name;
    void (*read)(LineState&, Target&, Value&);
    bool required = false;
};

// Index of `name`, looked for from `expected` on; the table's size when it is unknown.
template <class Table>
std::size_t find_field(const Table& fields, std::string_view name, std::size_t expected) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t candidate =
            expected + i < fields.size() ? expected + i : expected + i - fields.size();
        if (fields[candidate].name.name() == name) return candidate;
    }
    return fields.size();
}

// Reads an object's fields into `target` and calls `seen(index)` for each one that the table knows.
// Whether there was any field.
template <class Value, class Target, std::size_t size, class Seen>
bool read_fields(LineState& state, Value& value, Target& target,
                 const std::array<Field<Value, Target>, size>& fields, const Seen& seen) {
    return value.each_field(fields, [&](std::size_t index, Value& member) {
        if (index == size) return member.ignore();
        fields[index].read(state, target, member);
        seen(index);
    });
}

template <class Value, class Target, std::size_t size>
bool read_fields(LineState& state, Value& value, Target& target,
                 const std::array<Field<Value, Target>, size>& fields) {
    return read_fields(state, value, target, fields, [](std::size_t) {});
}

}  // namespace decodemeter
