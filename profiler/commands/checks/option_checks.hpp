// Checks of option values, for Option::check().
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace decodemeter {

// A whole number from `least` to `most`. Without it the parser wraps negative numbers, and cuts off
// large ones.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);
CLI::Validator positive_int();
CLI::Validator seed_number();

// An empty value is a mistake, as of a shell variable that is not set.
CLI::Validator not_empty();

}  // namespace decodemeter
