// Numbers as measurement files have them, read with simdjson.
#pragma once

#include <simdjson.h>

#include <vector>

#include "profiler/record/format/number_fault.hpp"

namespace decodemeter {

// Reads a finite number; null counts as missing. The value is consumed whatever it is.
NumberFault read_number(simdjson::ondemand::value value, double& number);

// As read_number, and negative values are faults: the form for times and counts.
NumberFault read_non_negative(simdjson::ondemand::value value, double& number);

// Reads an array of non-negative numbers; null counts as missing.
NumberFault read_times(simdjson::ondemand::value value, std::vector<double>& times);

}  // namespace decodemeter
