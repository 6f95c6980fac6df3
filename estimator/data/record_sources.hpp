// Where the records of one training come from, and whether they may be used together.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "profiler/record/store/record_reader.hpp"

namespace decodemeter {

// One results directory and what its records have in common: device, model, dtype, execution mode,
// format. A fact that the directory does not state is absent.
struct RecordSource {
    std::filesystem::path path;
    bool synthetic = false;
    std::map<std::string, std::string> facts;
};
RecordSource describe_source(const std::filesystem::path& path, const RecordSet& set);

// The facts in which sources differ, as "device: cpu X (runs/a), cuda Y (runs/b)". Simulated and
// measured sources are not compared with each other.
std::vector<std::string> source_differences(std::span<const RecordSource> sources);

// Whether `path` is `folder` or lies in it, links and dots resolved.
bool lies_in(const std::filesystem::path& path, const std::filesystem::path& folder);

// Throws InputError when two of the paths are the same directory, or one contains the other: each
// of its records would count twice.
void refuse_repeated_paths(std::span<const std::filesystem::path> paths);

// Joins sets in their order; the run header is the first one's.
RecordSet joined(std::vector<RecordSet> sets);

}  // namespace decodemeter
