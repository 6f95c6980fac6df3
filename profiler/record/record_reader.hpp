// Reads results directories, tolerantly and saying so: native records and published result
// documents.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/record/run_header.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

struct SkippedSample {
    std::string file;
    std::int64_t line =
        0;  // 1-based line of a native file, index of the sample in a published document
    std::string reason;
};

struct ReadReport {
    std::int64_t read = 0;
    std::int64_t native = 0;
    std::int64_t published = 0;
    std::map<std::string, std::int64_t> skipped;  // by reason
    std::vector<SkippedSample> examples;          // the first few of them, with file and line
    std::vector<std::string> notes;  // left-over shards, files that are no records, ...

    std::int64_t skipped_count() const;
    void skip(std::string file, std::int64_t line, std::string reason);
};

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

// `path` is a results directory, one data set's folder, or one file.
// Throws InputError when nothing that could be records is there, saying what was looked for.
RecordSet read_results(const std::filesystem::path& path, const ReadOptions& options = {});

// Calls `sink` for each whole record of native JSON-lines text, in order. `text` must have
// `json_padding` readable bytes after its end.
inline constexpr std::size_t json_padding = 64;
void read_native_lines(std::string_view text, const std::string& file,
                       const std::function<void(SampleRecord&&)>& sink, ReadReport& report);

// The same for one published document. `dataset` names the folder.
void read_published_document(std::string_view text, const std::string& file,
                             const std::string& dataset,
                             const std::function<void(SampleRecord&&)>& sink, ReadReport& report);

// A data set's canonical name: '-' turned into '_'.
std::string canonical_dataset(std::string_view name);

}  // namespace decodemeter
