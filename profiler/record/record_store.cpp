#include "profiler/record/record_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "profiler/error/error.hpp"
#include "profiler/record/record_json.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail(const fs::path& path, const char* what, int error) {
    throw std::system_error(error, std::generic_category(),
                            fmt::format("{}: {}", path.string(), what));
}

void write_all(int file, std::string_view text, const fs::path& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(path, "cannot write", errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

FileDescriptor open_for_append(const fs::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (file.get() < 0) fail(path, "cannot open for writing", errno);
    return file;
}

std::string read_file(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return std::move(text).str();
}

FileDescriptor take_lock(const fs::path& path) {
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (lock.get() < 0) {
        throw InputError(
            fmt::format("{}: cannot write there ({}); choose another with --results_dir",
                        path.string(), reason(errno)));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        throw InputError(
            fmt::format("{}: another decodemeter is writing there; wait for it, or choose another "
                        "--results_dir",
                        path.parent_path().string()));
    }
    return lock;
}

void write_file_atomically(const fs::path& path, const std::string& text) {
    fs::path temporary = path;
    temporary += ".new";
    {
        FileDescriptor file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (file.get() < 0) fail(temporary, "cannot open for writing", errno);
        write_all(file.get(), text, temporary);
        if (::fdatasync(file.get()) != 0) fail(temporary, "cannot flush", errno);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "cannot replace", errno);
}

// The key of a whole, readable record line; empty otherwise.
std::string key_of(simdjson::dom::parser& parser, std::string_view line) {
    simdjson::dom::element document;
    std::string_view key;
    if (parser.parse(line.data(), line.size(), true).get(document) != simdjson::SUCCESS) return {};
    if (document["key"].get_string().get(key) != simdjson::SUCCESS) return {};
    return std::string(key);
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : value_(std::exchange(other.value_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
}

FileDescriptor::~FileDescriptor() {
    if (value_ >= 0) ::close(value_);
}

void check_results_directory(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error || !fs::is_directory(directory)) {
        throw InputError(fmt::format(
            "{}: cannot create the results directory ({}); choose another with --results_dir",
            directory.string(), error ? error.message() : "it is a file"));
    }
    if (::access(directory.c_str(), W_OK | X_OK) != 0) {
        throw InputError(
            fmt::format("{}: cannot write there ({}); choose another with --results_dir",
                        directory.string(), reason(errno)));
    }
}

std::string records_file_name(const Shard& shard) {
    return shard.whole()
               ? "records.jsonl"
               : fmt::format("records.shard-{}-of-{}.jsonl", shard.index + 1, shard.count);
}

std::string run_file_name(const Shard& shard) {
    return shard.whole() ? "run.json"
                         : fmt::format("run.shard-{}-of-{}.json", shard.index + 1, shard.count);
}

RecordStore::RecordStore(fs::path results_dir, RunHeader header)
    : results_dir_(std::move(results_dir)), header_(std::move(header)) {
    check_results_directory(results_dir_);
    lock_ = take_lock(results_dir_ / ("." + run_file_name(header_.shard) + ".lock"));
    adopt_existing_run();
    read_existing_records();
    write_header();
}

RecordStore::~RecordStore() {
    for (const auto& [dataset, file] : files_) ::fdatasync(file.get());
}

void RecordStore::adopt_existing_run() {
    const fs::path path = results_dir_ / run_file_name(header_.shard);
    if (!fs::exists(path)) return;
    const RunHeader existing = parse_run_header(read_file(path), path.string());
    if (const auto differences = run_differences(header_, existing); !differences.empty()) {
        throw InputError(fmt::format("{}: holds a different run ({}); choose another --results_dir",
                                     results_dir_.string(), fmt::join(differences, "; ")));
    }
    header_.starts.insert(header_.starts.begin(), existing.starts.begin(), existing.starts.end());
    for (const auto& [name, values] : existing.knobs) {
        auto& mine = header_.knobs[name];
        for (const std::string& value : values) {
            if (std::find(mine.begin(), mine.end(), value) == mine.end()) mine.push_back(value);
        }
    }
}

void RecordStore::read_existing_records() {
    simdjson::dom::parser parser;
    for (const auto& entry : fs::directory_iterator(results_dir_)) {
        const fs::path path = entry.path() / records_file_name(header_.shard);
        if (!entry.is_directory() || !fs::is_regular_file(path)) continue;
        const std::string text = read_file(path);
        const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
        if (whole < text.size()) {
            fs::resize_file(path, whole);
            repairs_.push_back(fmt::format("{}: removed a torn last line of {} bytes",
                                           path.string(), text.size() - whole));
        }
        for (std::size_t begin = 0; begin < whole;) {
            const std::size_t end = text.find('\n', begin);
            if (std::string key = key_of(parser, std::string_view(text).substr(begin, end - begin));
                !key.empty()) {
                keys_.insert(std::move(key));
            }
            begin = end + 1;
        }
    }
    resumed_records_ = keys_.size();
}

void RecordStore::write_header() {
    write_file_atomically(results_dir_ / run_file_name(header_.shard), to_json(header_));
}

void RecordStore::update_header(const RunHeader& header) {
    header_.warm_up = header.warm_up;
    header_.absent = header.absent;
    header_.figures = header.figures;
    header_.versions = header.versions;
    write_header();
}

FileDescriptor& RecordStore::file_for(const std::string& dataset) {
    const auto found = files_.find(dataset);
    if (found != files_.end()) return found->second;
    const fs::path directory = results_dir_ / dataset;
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) throw std::system_error(error, directory.string() + ": cannot create");
    return files_.emplace(dataset, open_for_append(directory / records_file_name(header_.shard)))
        .first->second;
}

void RecordStore::append(const SampleRecord& record) {
    FileDescriptor& file = file_for(record.dataset);
    const fs::path path = results_dir_ / record.dataset / records_file_name(header_.shard);
    const off_t before = ::lseek(file.get(), 0, SEEK_END);
    try {
        write_all(file.get(), to_json_line(record) + "\n", path);
    } catch (const std::system_error&) {
        // A partial line would be repaired on resuming anyway; readers in between should not see
        // it.
        [[maybe_unused]] const int ignored = ::ftruncate(file.get(), before);
        throw;
    }
    keys_.insert(record.key);
    if (const auto now = std::chrono::steady_clock::now();
        now - last_sync_ > std::chrono::seconds(1)) {
        sync();
        last_sync_ = now;
    }
}

void RecordStore::sync() {
    for (const auto& [dataset, file] : files_) {
        if (::fdatasync(file.get()) != 0) fail(results_dir_ / dataset, "cannot flush", errno);
    }
}

}  // namespace decodemeter
