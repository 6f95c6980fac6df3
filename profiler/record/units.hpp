#pragma once

#include <chrono>
#include <cstdint>

namespace decodemeter {

using Milliseconds = std::chrono::duration<double, std::milli>;
using Nanoseconds = std::chrono::duration<std::int64_t, std::nano>;

}  // namespace decodemeter
