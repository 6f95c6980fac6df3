// Joins the shards of one results directory into records.jsonl and run.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace decodemeter {

struct MergeReport {
    int shards = 0;
    std::int64_t records = 0;
    std::int64_t duplicates =
        0;  // keys that more than one shard, or the plain file, holds: written once
    std::vector<std::string> notes;
};

// The shard files stay; readers pass over them once the plain files are there.
// Throws InputError when there are no shards, one is missing, or they are of different runs or hold
// different requests under one key.
MergeReport merge_shards(const std::filesystem::path& results_dir);

}  // namespace decodemeter
