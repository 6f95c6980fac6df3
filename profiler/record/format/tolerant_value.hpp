// The value of a field, read with simdjson: what cannot be used is noted in the line's state or
// passed over.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profiler/record/format/field_table.hpp"
#include "profiler/record/format/json_number.hpp"

namespace decodemeter {

class TolerantValue {
public:
    explicit TolerantValue(simdjson::ondemand::value value) : value_(value) {}

    void ignore() {}

    void text(std::string& target) {
        std::string_view view;
        if (value_.get_string().get(view) == simdjson::SUCCESS) target = view;
    }

    void optional_text(std::optional<std::string>& target) {
        std::string_view view;
        if (value_.get_string().get(view) == simdjson::SUCCESS) target = std::string(view);
    }

    // False where the value is neither.
    bool text_or_null(std::optional<std::string>& target) {
        std::string_view view;
        if (value_.get_string().get(view) != simdjson::SUCCESS) return is_null();
        target = std::string(view);
        return true;
    }

    void texts(std::vector<std::string>& target) {
        simdjson::ondemand::array array;
        if (value_.get_array().get(array) != simdjson::SUCCESS) return;
        for (auto item : array) {
            std::string_view view;
            if (item.get_string().get(view) == simdjson::SUCCESS) target.emplace_back(view);
        }
    }

    void boolean(bool& target) {
        if (value_.get_bool().get(target) != simdjson::SUCCESS) target = false;
    }

    template <class Integer>
    void integer(Integer& target) {
        std::int64_t number = 0;
        if (value_.get_int64().get(number) == simdjson::SUCCESS)
            target = static_cast<Integer>(number);
    }

    template <class Integer>
    void integers(std::vector<Integer>& target) {
        simdjson::ondemand::array array;
        if (value_.get_array().get(array) != simdjson::SUCCESS) return;
        for (auto item : array) {
            std::int64_t number = 0;
            if (item.get_int64().get(number) == simdjson::SUCCESS)
                target.push_back(static_cast<Integer>(number));
        }
    }

    void pair(std::array<int, 2>& target) {
        std::vector<int> numbers;
        integers(numbers);
        if (numbers.size() == 2) target = {numbers[0], numbers[1]};
    }

    NumberFault number(double& target) { return read_number(value_, target); }

    void optional_number(std::optional<double>& target) {
        double value = 0;
        if (read_number(value_, value) == NumberFault::none) target = value;
    }

    template <class Integer>
    void count(LineState& state, std::string_view field, Integer& target) {
        std::int64_t number = 0;
        if (value_.get_int64().get(number) != simdjson::SUCCESS) {
            double wrong = 0;
            const NumberFault fault = read_number(value_, wrong);
            return state.note(field,
                              fault == NumberFault::none ? NumberFault::not_a_number : fault);
        }
        if (number < 0) return state.note(field, NumberFault::negative);
        if (!std::in_range<Integer>(number)) return state.note(field, NumberFault::out_of_range);
        target = static_cast<Integer>(number);
    }

    void time(LineState& state, std::string_view field, double& target) {
        const NumberFault fault = read_non_negative(value_, target);
        if (fault != NumberFault::none) state.note(field, fault);
    }

    void signed_time(LineState& state, std::string_view field, double& target) {
        const NumberFault fault = read_number(value_, target);
        if (fault != NumberFault::none) state.note(field, fault);
    }

    void times(std::vector<double>& target) { read_times(value_, target); }

    void times(LineState& state, std::string_view field, std::vector<double>& target) {
        const NumberFault fault = read_times(value_, target);
        if (fault != NumberFault::none) state.note(field, fault);
    }

    void times_or_null(LineState& state, std::string_view field, std::vector<double>& target) {
        const NumberFault fault = read_times(value_, target);
        if (fault != NumberFault::none && fault != NumberFault::missing) state.note(field, fault);
    }

    void optional_times(LineState& state, std::string_view field,
                        std::optional<std::vector<double>>& target) {
        std::vector<double> read;
        const NumberFault fault = read_times(value_, read);
        if (fault == NumberFault::none) target = std::move(read);
        else if (fault != NumberFault::missing) state.note(field, fault);
    }

    // Hands each field's index in the table, or the table's size, and its value to `handler`.
    // Whether there was any field; what is no object has none.
    template <class Table, class Handler>
    bool each_field(const Table& fields, const Handler& handler) {
        simdjson::ondemand::object object;
        if (value_.get_object().get(object) != simdjson::SUCCESS) return false;
        bool any = false;
        each_field_of(object, fields, [&](std::size_t index, TolerantValue& member) {
            any = true;
            handler(index, member);
        });
        return any;
    }

    // The same for an object; false where it breaks off.
    template <class Table, class Handler>
    static bool each_field_of(simdjson::ondemand::object object, const Table& fields,
                              const Handler& handler) {
        std::size_t expected = 0;
        for (auto field : object) {
            std::string_view name;
            simdjson::ondemand::value value;
            if (field.unescaped_key().get(name) != simdjson::SUCCESS ||
                field.value().get(value) != simdjson::SUCCESS)
                return false;
            const std::size_t index = find_field(fields, name, expected);
            if (index < fields.size()) expected = index + 1 < fields.size() ? index + 1 : 0;
            TolerantValue member(value);
            handler(index, member);
        }
        return true;
    }

private:
    // False for what only begins like null: simdjson's own result would throw.
    bool is_null() {
        bool null = false;
        return value_.is_null().get(null) == simdjson::SUCCESS && null;
    }

    simdjson::ondemand::value value_;
};

}  // namespace decodemeter
