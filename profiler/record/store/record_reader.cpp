#include "profiler/record/store/record_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <regex>

#include "profiler/record/format/record_json.hpp"
#include "profiler/record/store/dataset_names.hpp"
#include "profiler/record/store/key_set.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

// A file's text with `json_padding` zero bytes after its end. Not a string: that would be cleared
// before it is read.
struct PaddedText {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;

    std::string_view view() const { return {bytes.get(), size}; }
};

PaddedText read_padded(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (!stream || error)
        throw InputError(fmt::format("{}: cannot read ({})", path.string(),
                                     error ? error.message() : "no permission?"));
    PaddedText text{std::make_unique_for_overwrite<char[]>(size + json_padding), 0};
    stream.read(text.bytes.get(), static_cast<std::streamsize>(size));
    text.size = static_cast<std::size_t>(stream.gcount());
    std::fill_n(text.bytes.get() + text.size, size + json_padding - text.size, '\0');
    return text;
}

bool is_native_file(const fs::path& path) {
    const std::string name = path.filename().string();
    return name.starts_with("records") && path.extension() == ".jsonl";
}

bool is_published_file(const fs::path& path) {
    const std::string name = path.filename().string();
    return path.extension() == ".json" && !(name.starts_with("run.") || name == "run.json");
}

std::vector<fs::path> sorted_files(const fs::path& directory) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const bool hidden = entry.path().filename().string().starts_with(".");
        if (entry.is_regular_file() && !hidden) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

// The merged file that a shard belongs to, `<name>_rank<i>.json` or
// `records.shard-<i>-of-<n>.jsonl`; else empty.
fs::path merged_name(const fs::path& path) {
    static const std::regex shard("(.*)(_rank[0-9]+|\\.shard-[0-9]+-of-[0-9]+)");
    std::smatch match;
    const std::string stem = path.stem().string();
    if (!std::regex_match(stem, match, shard)) return {};
    return path.parent_path() / (match[1].str() + path.extension().string());
}

struct Collector {
    RecordSet set;
    KeySet keys;

    void read_file(const fs::path& path, const std::string& dataset) {
        const std::size_t before = set.records.size();
        const PaddedText text = read_padded(path);
        if (is_native_file(path)) {
            const auto lines = std::count(text.view().begin(), text.view().end(), '\n');
            set.records.reserve(before + static_cast<std::size_t>(lines) + 1);
            keys.reserve(before + static_cast<std::size_t>(lines) + 1);
            read_native_lines(
                text.view(), path.string(),
                [&](SampleRecord&& record) { add_native(std::move(record), dataset); }, set.report);
        } else {
            read_published_document(
                text.view(), path.string(), dataset,
                [&](SampleRecord&& record) { set.records.push_back(std::move(record)); },
                set.report);
        }
        const bool known =
            std::find(set.datasets.begin(), set.datasets.end(), dataset) != set.datasets.end();
        if (set.records.size() > before && !known) set.datasets.push_back(dataset);
    }

    void add_native(SampleRecord&& record, const std::string& dataset) {
        if (record.dataset.empty()) record.dataset = dataset;
        if (!keys.insert(record.key, set.records)) {
            --set.report.read;
            --set.report.native;
            return set.report.skip(record.dataset, 0, "duplicate key");
        }
        set.records.push_back(std::move(record));
    }

    void read_dataset(const fs::path& directory) {
        const std::string dataset = canonical_dataset(directory.filename().string());
        for (const fs::path& path : sorted_files(directory)) {
            if (!is_native_file(path) && !is_published_file(path)) continue;
            if (const fs::path merged = merged_name(path); !merged.empty() && fs::exists(merged)) {
                set.report.notes.push_back(fmt::format("{}: shard of {}, which is read instead",
                                                       path.string(), merged.filename().string()));
                continue;
            }
            read_file(path, dataset);
        }
    }

    void read_header(const fs::path& directory) {
        for (const fs::path& path : sorted_files(directory)) {
            const std::string name = path.filename().string();
            if (!name.starts_with("run.") || path.extension() != ".json") continue;
            set.run = parse_run_header(read_padded(path).view(), path.string());
            return;
        }
    }
};

bool holds_records(const fs::path& directory) {
    const auto files = sorted_files(directory);
    return std::any_of(files.begin(), files.end(), [](const fs::path& path) {
        return is_native_file(path) || is_published_file(path);
    });
}

bool wanted(const std::string& dataset, const ReadOptions& options) {
    if (options.datasets.empty()) return true;
    return std::any_of(options.datasets.begin(), options.datasets.end(),
                       [&](const std::string& name) { return canonical_dataset(name) == dataset; });
}

// "results/" and "results" name the same folder.
fs::path without_slash(const fs::path& path) {
    return path.has_filename() ? path : path.parent_path();
}

// The data sets' folders, sorted; none where `directory` is one data set's folder itself.
std::vector<fs::path> record_folders(const fs::path& directory) {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_directory() && name != "logs" && !name.starts_with(".") &&
            holds_records(entry.path()))
            folders.push_back(entry.path());
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

void read_directory(const fs::path& directory, const ReadOptions& options, Collector& collector) {
    const std::vector<fs::path> folders = record_folders(directory);
    collector.read_header(directory);
    for (const fs::path& folder : folders) {
        if (wanted(canonical_dataset(folder.filename().string()), options))
            collector.read_dataset(folder);
    }
    if (folders.empty()) collector.read_dataset(directory);
}

[[noreturn]] void nothing_found(const fs::path& path, const ReadReport& report) {
    std::string message = fmt::format(
        "{}: no records found. Looked for <dataset>/records*.jsonl (native) and <dataset>/*.json "
        "with "
        "per_sample_results (published)",
        path.string());
    for (const auto& [reason, count] : report.skipped)
        message += fmt::format("; {} skipped: {}", count, reason);
    if (!report.examples.empty())
        message += fmt::format(" (first: {}:{})", report.examples.front().file,
                               report.examples.front().line);
    throw InputError(message);
}

}  // namespace

std::vector<std::string> dataset_names(const fs::path& path) {
    std::vector<std::string> names;
    if (!fs::is_directory(path)) return names;
    for (const fs::path& folder : record_folders(without_slash(path)))
        names.push_back(canonical_dataset(folder.filename().string()));
    return names;
}

RecordSet read_results(const fs::path& path, const ReadOptions& options) {
    if (!fs::exists(path)) throw InputError(path.string() + ": no such file or directory");
    Collector collector;
    if (fs::is_directory(path)) {
        refuse_unknown_datasets(options.datasets, dataset_names(path));
        read_directory(without_slash(path), options, collector);
    } else {
        const fs::path folder = fs::absolute(path).parent_path();
        collector.read_file(path, canonical_dataset(folder.filename().string()));
        collector.read_header(folder.parent_path());
    }
    RecordSet& set = collector.set;
    if (set.records.empty()) nothing_found(path, set.report);
    const auto first_pass =
        std::stable_partition(set.records.begin(), set.records.end(), std::not_fn(is_tracing_pass));
    set.passes.assign(std::make_move_iterator(first_pass),
                      std::make_move_iterator(set.records.end()));
    set.records.erase(first_pass, set.records.end());
    return std::move(set);
}

}  // namespace decodemeter
