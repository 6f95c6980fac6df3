// What a results directory holds already, as far as a run that goes on there needs to know it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "profiler/record/run_header.hpp"
#include "profiler/record/sample_record.hpp"

namespace decodemeter {

struct StoredRecord {
    bool tracing_pass = false;
    bool subtraction = false;  // has the times of the separate runs
    bool text = false;         // has the answer's text
    double seconds = 0;        // what measuring it took: preprocessing and all its runs
    std::optional<double> step_mean_ms;
};

// What was asked under a sample_id. Records of earlier versions have no digest; those of other
// programs may have no prompt either.
struct StoredRequest {
    std::string digest;
    std::optional<std::string> prompt;
    std::string image;  // the file's name without its folder

    bool operator==(const StoredRequest&) const = default;
};

class StoredRecords {
public:
    using Requests = std::map<std::int64_t, std::vector<StoredRequest>>;  // by sample_id

    StoredRecords();
    ~StoredRecords();
    StoredRecords(StoredRecords&&) noexcept;
    StoredRecords& operator=(StoredRecords&&) noexcept;

    // A line of a records file; false where it is no whole record or its key names another request
    // than its fields do, and nothing is added.
    bool add_line(std::string_view line);
    void add(const SampleRecord& record);

    // Null where there is none.
    const StoredRecord* find(const std::string& key) const;
    // A tracing pass of the sample under the configuration, whatever its key.
    bool has_tracing_pass(const std::string& dataset, std::int64_t sample_id,
                          const ConfigKey& config) const;
    // What was asked in a data set; more than one request under a sample_id only where an earlier
    // version mixed them.
    const Requests& requests(const std::string& dataset) const;

    std::size_t size() const noexcept { return records_.size(); }
    std::size_t without_digest() const noexcept { return without_digest_; }
    // Lines whose key names another request than their fields do.
    std::size_t wrong_keys() const noexcept { return wrong_keys_; }

private:
    void add(const std::string& key, const StoredRecord& record, const std::string& dataset,
             std::int64_t sample_id, StoredRequest request);

    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::unordered_map<std::string, StoredRecord> records_;
    std::unordered_set<std::string> traced_;  // keys of tracing passes, as they are written today
    std::map<std::string, Requests> requests_;
    std::size_t without_digest_ = 0;
    std::size_t wrong_keys_ = 0;
};

// The whole lines of the shard's records files, and of the run's other shards there: a sample that
// one shard has measured is there for all. Nothing where there is no such directory.
StoredRecords read_stored_records(const std::filesystem::path& results_dir, const Shard& shard);

}  // namespace decodemeter
