// What a mistyped name was meant to be. A leaf.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace decodemeter {

// The name closest to `word`: one that starts with it, or one within an edit distance of a third of
// its letters. Empty if no name is that close.
std::string nearest_name(std::string_view word, std::span<const std::string> names);

}  // namespace decodemeter
