// Native records as the published experiments wrote theirs: one JSON document for each data set and
// configuration.
#pragma once

#include <map>
#include <span>
#include <string>

#include "profiler/record/sample_record.hpp"

namespace decodemeter {

// Path below the results directory -> document. T_decode_per_token is T/N, as published;
// T_decode_per_step is a list of positions, each a list over runs, with one run. Records without a
// tier take the one that holds their crops.
std::map<std::string, std::string> published_documents(std::span<const SampleRecord> records);

}  // namespace decodemeter
