// The nine public data sets, from local directories, in the formats in which their owners publish
// them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

struct DatasetRequest {
    std::string name;  // one of dataset_names()
    std::filesystem::path directory;
    std::string split;  // empty: the first of dataset_splits()
    // Molmo was trained to answer data sets in their own short style under a tag such as "vqa2:";
    // without it, it answers at length.
    bool style_tags = true;
};

// coco_2014_vqa, okvqa, coco_caption, text_vqa, doc_qa, st_qa, tally_qa, science_qa_img, mmmu.
const std::vector<std::string>& dataset_names();
// The splits of one of them that the owners publish.
std::vector<std::string> dataset_splits(std::string_view name);
// The files that a split is read from, for messages and help.
std::vector<std::string> dataset_files(std::string_view name, std::string_view split);

// Every sample in the order of the file. Pictures are not looked for one by one: a missing one
// shows when it is read. Throws InputError for an unknown name or split, and for files that are
// missing or not as their owners publish them.
std::vector<Sample> read_dataset(const DatasetRequest& request);

}  // namespace decodemeter
