// Samples from a JSON-lines file of one's own.
#pragma once

#include <filesystem>
#include <vector>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

// One object a line: "prompt", and if wanted "image" (relative to the manifest; missing or null:
// text only), "dataset" (else the file's name without extension), "task" and "answers" (a string or
// an array of them). Blank lines are passed over, other fields ignored. sample_id counts from 0
// within each data set. Throws InputError with file and line for a line that cannot be used.
std::vector<Sample> read_manifest(const std::filesystem::path& path);

}  // namespace decodemeter
