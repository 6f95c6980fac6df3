// Reads results directories, tolerantly and saying so: native records and published result
// documents.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "profiler/record/format/line_reading.hpp"
#include "profiler/record/run_header.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

struct RecordSet {
    std::optional<RunHeader> run;  // none for published documents
    std::vector<std::string> datasets;
    std::vector<SampleRecord> records;
    std::vector<SampleRecord>
        passes;  // tracing passes, which tracing slows down: never mixed with the others
    ReadReport report;
};

struct ReadOptions {
    std::vector<std::string> datasets;  // empty: all that are found; '-' and '_' are taken as equal
};

// Canonical names of the data sets in a results directory; none for one data set's folder or a
// file, which are read whatever is wanted.
std::vector<std::string> dataset_names(const std::filesystem::path& path);

// `path` is a results directory, one data set's folder, or one file.
// Throws InputError when nothing that could be records is there, saying what was looked for, and
// when a wanted data set is not.
RecordSet read_results(const std::filesystem::path& path, const ReadOptions& options = {});

}  // namespace decodemeter
