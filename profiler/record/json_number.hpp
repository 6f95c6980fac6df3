// Numbers as measurement files have them: NaN and Infinity are told apart from other bad values.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <vector>

namespace decodemeter {

enum class NumberFault { none, missing, negative, not_finite, not_a_number };

const char* to_string(NumberFault fault) noexcept;

// Reads a finite number; null counts as missing. The value is consumed whatever it is.
NumberFault read_number(simdjson::ondemand::value value, double& number);

// As read_number, and negative values are faults: the form for times and counts.
NumberFault read_non_negative(simdjson::ondemand::value value, double& number);

// Reads an array of non-negative numbers; null counts as missing.
NumberFault read_times(simdjson::ondemand::value value, std::vector<double>& times);

}  // namespace decodemeter
