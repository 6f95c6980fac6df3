// What can be wrong with a number in a measurement file: NaN and Infinity are told apart from other
// bad values.
#pragma once

namespace decodemeter {

enum class NumberFault { none, missing, negative, not_finite, out_of_range, not_a_number };

const char* to_string(NumberFault fault) noexcept;

}  // namespace decodemeter
