// The process that is watched: its ranges, whichever thread pushes them, find their way to that
// thread's marks. The program must not notice it: nothing here throws, and after a failure nothing
// is watched any more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/watch/range_reader.hpp"

namespace decodemeter {

// Begins at the first call, with the settings that the environment carries. False where nothing is
// watched; said on the standard error, and to the command that started the program.
bool watch_from_now_on() noexcept;

// As NVTX has it: the depth outside of the range, or this where nobody counts.
inline constexpr int not_watched = -2;
int push_range(RangeDomain domain, std::string_view name) noexcept;
int pop_range(RangeDomain domain) noexcept;

// By number; never 0 while watched.
std::uint64_t start_range(RangeDomain domain, std::string_view name) noexcept;
void end_range(std::uint64_t range) noexcept;

void set_mark(std::string_view message) noexcept;

// A text that stays where it is; the same for the same text. Null where nothing is watched.
const std::string* registered_string(std::string_view text) noexcept;

}  // namespace decodemeter
