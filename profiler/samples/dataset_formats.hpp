// One reader for each published format. `files` are those of the split, in the order of
// dataset_files(); questions come without a style tag.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

inline constexpr std::size_t dataset_file_limit_bytes = std::size_t{1} << 31;

struct DatasetFiles {
    std::filesystem::path directory;
    std::vector<std::filesystem::path> files;
    std::string_view split;

    // The first of these folders of the directory that is there, else the first.
    std::filesystem::path image_folder(
        std::initializer_list<std::filesystem::path> candidates) const;
};

// VQAv2 and OK-VQA: questions, annotations (the test split has none).
std::vector<Sample> read_vqa(const DatasetFiles& source);
// COCO: one sample for each image, its captions as answers.
std::vector<Sample> read_coco_captions(const DatasetFiles& source);
std::vector<Sample> read_text_vqa(const DatasetFiles& source);
std::vector<Sample> read_doc_vqa(const DatasetFiles& source);
std::vector<Sample> read_scene_text_vqa(const DatasetFiles& source);
std::vector<Sample> read_tally_qa(const DatasetFiles& source);
// ScienceQA, of which only the problems with an image.
std::vector<Sample> read_science_qa(const DatasetFiles& source);
// MMMU: a manifest that scripts/mmmu_manifest has written from the Parquet files.
std::vector<Sample> read_mmmu(const DatasetFiles& source);

// The question, and below it a line "A: <option>" for each option.
std::string multiple_choice_prompt(std::string_view question,
                                   const std::vector<std::string>& options);

}  // namespace decodemeter
