// Reads the records of one file's text: native JSON lines, or a published result document.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
