// The id that a source gives to a sample, for joining results back to it.
#pragma once

#include <string>
#include <string_view>

#include "profiler/system/json_document.hpp"

namespace decodemeter {

// The field's text or whole number; empty where it is missing or something else.
inline std::string source_id(const JsonValue& json, std::string_view field) {
    constexpr std::int64_t most = std::int64_t{1} << 53;
    const auto id = json.find(field);
    if (!id) return {};
    if (id->is_string()) return std::string(id->string());
    if (!id->is_number()) return {};
    const double number = id->number(-static_cast<double>(most), static_cast<double>(most));
    const auto whole = static_cast<std::int64_t>(number);
    return static_cast<double>(whole) == number ? std::to_string(whole) : std::string();
}

}  // namespace decodemeter
