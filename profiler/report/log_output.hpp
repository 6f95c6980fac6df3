// Text for a log or a terminal that may be full, closed, or read by nobody. The work that is logged
// goes on whatever happens there. A leaf.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace decodemeter {

// Writes `text` to the file descriptor, waiting at most `patience` in all for a reader to make
// room. Text that cannot be written is dropped. Never throws and never raises SIGPIPE.
void write_log(int file, std::string_view text, std::chrono::milliseconds patience) noexcept;

// Columns of the terminal that `file` is; none where it is no terminal or does not tell.
std::optional<int> terminal_width(int file) noexcept;

// Columns for tables on standard output; 0 where it is no terminal, and lines may be long.
int output_width() noexcept;

}  // namespace decodemeter
