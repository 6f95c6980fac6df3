#include "profiler/record/store/merge_shards.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <unordered_map>

#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/record/store/record_store.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"
#include "profiler/system/file_replacement.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

std::map<int, RunHeader> shard_headers(const fs::path& results_dir) {
    static const std::regex name("run\\.shard-([0-9]+)-of-([0-9]+)\\.json");
    std::map<int, RunHeader> headers;
    for (const auto& entry : fs::directory_iterator(results_dir)) {
        std::smatch match;
        const std::string file = entry.path().filename().string();
        if (!std::regex_match(file, match, name)) continue;
        RunHeader header = parse_run_header(read_input_file(entry.path()), entry.path().string());
        header.shard = {std::stoi(match[1]) - 1, std::stoi(match[2])};
        headers[header.shard.index] = std::move(header);
    }
    return headers;
}

void check_shards(const fs::path& results_dir, const std::map<int, RunHeader>& headers) {
    if (headers.empty()) {
        throw InputError(
            fmt::format("{}: no shards found. Looked for run.shard-<i>-of-<n>.json, as a "
                        "sharded profile writes them",
                        results_dir.string()));
    }
    const RunHeader& first = headers.begin()->second;
    for (int i = 0; i < first.shard.count; ++i) {
        if (!headers.contains(i)) {
            throw InputError(fmt::format(
                "{}: shard {} of {} is missing; measure it first (profile, shard {}/{})",
                results_dir.string(), i + 1, first.shard.count, i + 1, first.shard.count));
        }
    }
    for (const auto& [index, header] : headers) {
        if (header.shard.count != first.shard.count) {
            throw InputError(fmt::format("{}: holds shards of {} and of {}; move one set away",
                                         results_dir.string(), first.shard.count,
                                         header.shard.count));
        }
        if (const auto differences = run_differences(header, first); !differences.empty()) {
            throw InputError(fmt::format("{}: shards {} and {} are of different runs ({})",
                                         results_dir.string(), first.shard.index + 1, index + 1,
                                         fmt::join(differences, "; ")));
        }
    }
}

using Requests = std::unordered_map<std::string, std::string>;  // digest by key

// True for a key that is new. Throws InputError where it is there for another request.
bool add_request(const SampleRecord& record, const fs::path& path, Requests& requests) {
    const std::string digest = record.request_digest.value_or("");
    const auto [found, added] = requests.emplace(record.key, digest);
    if (added) return true;
    if (!digest.empty() && !found->second.empty() && digest != found->second) {
        throw InputError(fmt::format(
            "{}: {} is another request (digest {}) than the record of that key in another file "
            "(digest {}); the shards were run on different samples and cannot be joined",
            path.string(), record.key, digest, found->second));
    }
    return false;
}

// Appends the lines of `path` whose key is new; lines are copied as they are.
void append_new_lines(const fs::path& path, std::ofstream& merged, Requests& requests,
                      MergeReport& report) {
    std::string text = read_input_file(path);
    const std::size_t size = text.size();
    text.resize(size + json_padding, '\0');
    for (std::size_t begin = 0; begin < size;) {
        const std::size_t newline = text.find('\n', begin);
        const std::size_t end = newline == std::string::npos || newline > size ? size : newline;
        const std::string line = text.substr(begin, end - begin);
        begin = end + 1;
        std::string padded = line + std::string(json_padding, '\0');
        ReadReport ignored;
        std::optional<SampleRecord> record;
        read_native_lines(
            std::string_view(padded).substr(0, line.size()), path.string(),
            [&](SampleRecord&& read) { record = std::move(read); }, ignored);
        if (!record) {
            report.notes.push_back(
                fmt::format("{}: left out a line that is no whole record", path.string()));
        } else if (add_request(*record, path, requests)) {
            merged << line << '\n';
            ++report.records;
        } else {
            ++report.duplicates;
        }
    }
}

// The plain file that is there already, then the shards'.
std::vector<fs::path> parts_of(const fs::path& dataset, const std::map<int, RunHeader>& headers) {
    std::vector<fs::path> parts;
    for (const auto& [index, header] : headers) {
        const fs::path part = dataset / records_file_name(header.shard);
        if (fs::exists(part)) parts.push_back(part);
    }
    const fs::path whole = dataset / records_file_name({});
    if (!parts.empty() && fs::exists(whole)) parts.insert(parts.begin(), whole);
    return parts;
}

void merge_dataset(const fs::path& target, const std::vector<fs::path>& parts,
                   MergeReport& report) {
    FileReplacement replacement(target);
    std::ofstream merged(replacement.written_path(), std::ios::binary | std::ios::trunc);
    Requests requests;
    for (const fs::path& part : parts) append_new_lines(part, merged, requests, report);
    merged.close();
    if (!merged)
        throw std::runtime_error(target.string() +
                                 ": cannot write (disk full?); nothing was changed");
    replacement.put_in_place();
}

RunHeader whole_header(const std::map<int, RunHeader>& headers) {
    RunHeader whole = headers.begin()->second;
    whole.shard = {};
    for (const auto& [index, header] : headers) {
        if (index != headers.begin()->first)
            whole.starts.insert(whole.starts.end(), header.starts.begin(), header.starts.end());
    }
    return whole;
}

}  // namespace

MergeReport merge_shards(const fs::path& results_dir) {
    const auto headers = shard_headers(results_dir);
    check_shards(results_dir, headers);
    MergeReport report;
    report.shards = static_cast<int>(headers.size());
    for (const auto& entry : fs::directory_iterator(results_dir)) {
        if (!entry.is_directory()) continue;
        const std::vector<fs::path> parts = parts_of(entry.path(), headers);
        if (!parts.empty()) merge_dataset(entry.path() / records_file_name({}), parts, report);
    }
    replace_file(results_dir / run_file_name({}), to_json(whole_header(headers)));
    return report;
}

}  // namespace decodemeter
