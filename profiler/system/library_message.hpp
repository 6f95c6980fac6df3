#pragma once
// Messages of libraries in our own errors.
#include <string>
#include <string_view>

namespace decodemeter {

// The text of an exception of nlohmann::json without its name, which stands before it in brackets.
inline std::string library_message(std::string_view text) {
    const std::size_t bracket = text.find("] ");
    const bool named = text.starts_with("[json.exception") && bracket != std::string_view::npos;
    return std::string(named ? text.substr(bracket + 2) : text);
}

}  // namespace decodemeter
