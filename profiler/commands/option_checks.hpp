// Checks of option values, for Option::check().
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

namespace decodemeter {

// A whole number from `least` to `most`. Without it the parser wraps negative numbers, and cuts off
// large ones.
inline CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    return {[least, most](const std::string& text) {
                std::uint64_t number = 0;
                const char* end = text.data() + text.size();
                const auto [stop, error] = std::from_chars(text.data(), end, number);
                const bool good =
                    error == std::errc() && stop == end && number >= least && number <= most;
                return good ? std::string()
                            : text + ": give a whole number from " + std::to_string(least) +
                                  " to " + std::to_string(most);
            },
            ""};
}

inline CLI::Validator positive_int() { return whole_number(1, std::numeric_limits<int>::max()); }
inline CLI::Validator seed_number() {
    return whole_number(0, std::numeric_limits<std::uint64_t>::max());
}

// An empty value is a mistake, as of a shell variable that is not set.
inline CLI::Validator not_empty() {
    return {[](const std::string& text) {
                return text.empty() ? std::string("is empty; give a value or leave the option out")
                                    : std::string();
            },
            ""};
}

}  // namespace decodemeter
