// Append-only store of one run's records.
//
// Durability: each record reaches the kernel in one write() before the next sample starts, so a
// killed process loses at most the sample in flight. fdatasync runs once a second and at the end,
// so a power failure loses at most about a second of records.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/record/run_header.hpp"
#include "profiler/record/sample_record.hpp"
#include "profiler/record/store/stored_records.hpp"

namespace decodemeter {

// Owns a file descriptor.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int value) noexcept : value_(value) {}
    FileDescriptor(FileDescriptor&& other) noexcept;
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor();

    int get() const noexcept { return value_; }

private:
    int value_ = -1;
};

class RecordStore {
public:
    // Opens or creates `results_dir` for the run that `header` describes, takes the lock against a
    // second writer, repairs a torn last line, and reads what is already there. The run.json of an
    // earlier start stays as it is until a record is appended or update_header() called. Throws
    // InputError when the directory cannot be written, is locked, or belongs to a different run.
    RecordStore(std::filesystem::path results_dir, RunHeader header);

    bool contains(const std::string& key) const { return stored_.find(key) != nullptr; }
    // What is there, this run's records included.
    const StoredRecords& stored() const noexcept { return stored_; }
    std::size_t resumed_records() const noexcept { return resumed_records_; }
    // What was repaired on opening, in words.
    const std::vector<std::string>& repairs() const noexcept { return repairs_; }
    // How the machine differs from that of earlier starts, in words.
    const std::vector<std::string>& notes() const noexcept { return notes_; }
    const RunHeader& header() const noexcept { return header_; }

    // Throws std::system_error when the record could not be written whole (disk full); the file is
    // then cut back to the last whole record.
    void append(const SampleRecord& record);

    // Rewrites run.json with what this start has found out of `header`'s results of the run:
    // warm-up, absent, figures, CUPTI's version. What it does not tell stays.
    void update_header(const RunHeader& header);

    // Flushes to the device. Called by the destructor too, which cannot report a failure.
    void sync();
    ~RecordStore();

    RecordStore(const RecordStore&) = delete;
    RecordStore& operator=(const RecordStore&) = delete;

private:
    FileDescriptor& file_for(const std::string& dataset);
    bool adopt_existing_run();  // whether there is one
    void repair_torn_lines();
    void write_header();

    std::filesystem::path results_dir_;
    RunHeader header_;
    FileDescriptor lock_;
    std::map<std::string, FileDescriptor> files_;
    StoredRecords stored_;
    bool header_written_ = false;
    std::vector<std::string> repairs_;
    std::vector<std::string> notes_;
    std::size_t resumed_records_ = 0;
    std::chrono::steady_clock::time_point last_sync_{};
};

// Makes `results_dir` where it is missing. Throws InputError when it cannot be made or written to:
// to be called before a model is loaded.
void check_results_directory(const std::filesystem::path& results_dir);

// The run that `results_dir` holds of the shard that `mine` describes; none where it holds none.
// Throws InputError, naming what differs, where it, or another shard there, is a different run.
std::optional<RunHeader> existing_run(const std::filesystem::path& results_dir,
                                      const RunHeader& mine);

// "records.jsonl", or "records.shard-2-of-4.jsonl" for shard index 1 of 4; likewise "run.json".
std::string records_file_name(const Shard& shard);
std::string run_file_name(const Shard& shard);

}  // namespace decodemeter
