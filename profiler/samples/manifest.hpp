// Samples from a JSON-lines file of one's own.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

// One object a line: "prompt", and if wanted "image" (relative to the manifest; missing or null:
// text only), "dataset" (else the file's name without extension), "task", "answers" (a string or
// an array of them) and "id" (text or a whole number). Blank lines are passed over; the names of
// other fields are added to `unknown_fields`. sample_id counts from 0 within each data set. Throws
// InputError with file and line for a line that cannot be used, and where no sample has an "image"
// while another field seems to name pictures.
std::vector<Sample> read_manifest(const std::filesystem::path& path,
                                  std::set<std::string>* unknown_fields = nullptr);

}  // namespace decodemeter
