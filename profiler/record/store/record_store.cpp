#include "profiler/record/store/record_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "profiler/record/format/record_json.hpp"
#include "profiler/system/file.hpp"
#include "profiler/system/file_replacement.hpp"
#include "profiler/system/invalid_argument.hpp"

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

FileDescriptor take_lock(const fs::path& path) {
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (lock.get() < 0) {
        throw InvalidArgument("results_dir",
                              fmt::format(" {}: cannot write there ({}); choose another directory",
                                          path.string(), reason(errno)));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        throw InvalidArgument(
            "results_dir",
            fmt::format(" {}: another decodemeter is writing there; wait for it, or choose another "
                        "directory",
                        path.parent_path().string()));
    }
    return lock;
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
        throw InvalidArgument(
            "results_dir",
            fmt::format(" {}: cannot create the results directory ({}); choose another directory",
                        directory.string(), error ? error.message() : "it is a file"));
    }
    if (::access(directory.c_str(), W_OK | X_OK) != 0) {
        throw InvalidArgument("results_dir",
                              fmt::format(" {}: cannot write there ({}); choose another directory",
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

std::optional<RunHeader> existing_run(const fs::path& results_dir, const RunHeader& mine) {
    std::optional<RunHeader> own;
    for (int i = 0; i < mine.shard.count; ++i) {
        const fs::path path = results_dir / run_file_name({i, mine.shard.count});
        if (!fs::exists(path)) continue;
        RunHeader existing = parse_run_header(read_input_file(path), path.string());
        const auto differences = run_differences(mine, existing);
        if (!differences.empty()) {
            throw InvalidArgument(
                "results_dir",
                fmt::format(" {}: holds a different run ({}); choose another directory",
                            results_dir.string(), fmt::join(differences, "; ")));
        }
        if (i == mine.shard.index) own = std::move(existing);
    }
    return own;
}

RecordStore::RecordStore(fs::path results_dir, RunHeader header)
    : results_dir_(std::move(results_dir)), header_(std::move(header)) {
    check_results_directory(results_dir_);
    lock_ = take_lock(results_dir_ / ("." + run_file_name(header_.shard) + ".lock"));
    repair_torn_lines();
    stored_ = read_stored_records(results_dir_, header_.shard);
    resumed_records_ = stored_.size();
    // Without records there is nothing that another run could be mixed with.
    const bool resumed = resumed_records_ > 0 && adopt_existing_run();
    if (!resumed) write_header();
}

RecordStore::~RecordStore() {
    for (const auto& [dataset, file] : files_) ::fdatasync(file.get());
}

bool RecordStore::adopt_existing_run() {
    const std::optional<RunHeader> existing = existing_run(results_dir_, header_);
    if (!existing) return false;
    for (const std::string& change : machine_changes(header_, *existing))
        notes_.push_back("goes on with another " + change);
    header_.starts.insert(header_.starts.begin(), existing->starts.begin(), existing->starts.end());
    header_.warm_up = existing->warm_up;
    header_.figures = existing->figures;
    header_.absent.insert(existing->absent.begin(), existing->absent.end());
    header_.versions.cupti = existing->versions.cupti;
    for (const auto& [name, values] : existing->knobs) {
        auto& mine = header_.knobs[name];
        for (const std::string& value : values) {
            if (std::find(mine.begin(), mine.end(), value) == mine.end()) mine.push_back(value);
        }
    }
    return true;
}

void RecordStore::repair_torn_lines() {
    for (const auto& entry : fs::directory_iterator(results_dir_)) {
        const fs::path path = entry.path() / records_file_name(header_.shard);
        if (!entry.is_directory() || !fs::is_regular_file(path)) continue;
        const std::string text = read_input_file(path);
        const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
        if (whole == text.size()) continue;
        fs::resize_file(path, whole);
        repairs_.push_back(fmt::format("{}: removed a torn last line of {} bytes", path.string(),
                                       text.size() - whole));
    }
}

void RecordStore::write_header() {
    replace_file(results_dir_ / run_file_name(header_.shard), to_json(header_));
    header_written_ = true;
}

void RecordStore::update_header(const RunHeader& header) {
    if (header.warm_up.runs > 0) header_.warm_up = header.warm_up;
    for (const auto& [name, reason] : header.absent) header_.absent[name] = reason;
    for (const auto& [name, figure] : header.figures) header_.figures[name] = figure;
    if (!header.versions.cupti.empty()) {
        header_.versions.cupti = header.versions.cupti;
        if (!header.absent.contains("cupti")) header_.absent.erase("cupti");
    }
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
    if (!header_written_) write_header();
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
    stored_.add(record);
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
