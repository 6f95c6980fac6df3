// Tables of an object's fields, in the order in which they are written, so that the next field in a
// file is nearly always the next entry.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "profiler/record/format/line_state.hpp"
#include "profiler/record/format/record_field.hpp"

namespace decodemeter {

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
