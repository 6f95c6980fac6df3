#include "profiler/samples/dataset.hpp"

#include <algorithm>
#include <array>

#include "profiler/samples/dataset_formats.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

struct Split {
    const char* name;
    std::vector<const char*> files;
};

struct Dataset {
    const char* name;
    const char* style;  // the tag
    const char* task;
    std::vector<Sample> (*read)(const DatasetFiles&);
    std::vector<const char*> folders;  // where the files may lie, below the directory
    std::vector<Split> splits;
};

const std::vector<Dataset>& datasets() {
    static const std::vector<Dataset> table = {
        {"coco_2014_vqa",
         "vqa2",
         "vqa",
         read_vqa,
         {"", "annotations", "questions"},
         {{"validation",
           {"v2_OpenEnded_mscoco_val2014_questions.json", "v2_mscoco_val2014_annotations.json"}},
          {"train",
           {"v2_OpenEnded_mscoco_train2014_questions.json",
            "v2_mscoco_train2014_annotations.json"}},
          {"test", {"v2_OpenEnded_mscoco_test2015_questions.json"}}}},
        {"okvqa",
         "okvqa",
         "vqa",
         read_vqa,
         {"", "annotations", "questions"},
         {{"validation",
           {"OpenEnded_mscoco_val2014_questions.json", "mscoco_val2014_annotations.json"}},
          {"train",
           {"OpenEnded_mscoco_train2014_questions.json", "mscoco_train2014_annotations.json"}}}},
        {"coco_caption",
         "coco_captioning",
         "captioning",
         read_coco_captions,
         {"", "annotations"},
         {{"validation", {"captions_val2014.json"}},
          {"train", {"captions_train2014.json"}},
          {"validation_2017", {"captions_val2017.json"}},
          {"train_2017", {"captions_train2017.json"}}}},
        {"text_vqa",
         "text_vqa",
         "text_vqa",
         read_text_vqa,
         {""},
         {{"validation", {"TextVQA_0.5.1_val.json"}},
          {"train", {"TextVQA_0.5.1_train.json"}},
          {"test", {"TextVQA_0.5.1_test.json"}}}},
        {"doc_qa",
         "doc_qa",
         "doc_qa",
         read_doc_vqa,
         {"", "spdocvqa_qas", "val", "train", "test"},
         {{"validation", {"val_v1.0_withQT.json|val_v1.0.json"}},
          {"train", {"train_v1.0_withQT.json|train_v1.0.json"}},
          {"test", {"test_v1.0.json"}}}},
        {"st_qa",
         "st_qa",
         "text_vqa",
         read_scene_text_vqa,
         {""},
         {{"train", {"train_task_3.json"}}, {"test", {"test_task_3.json"}}}},
        {"tally_qa",
         "tally_qa",
         "count",
         read_tally_qa,
         {""},
         {{"test", {"test.json"}}, {"train", {"train.json"}}}},
        {"science_qa_img",
         "science_qa",
         "choice",
         read_science_qa,
         {"", "text", "data/scienceqa"},
         {{"validation", {"problems.json"}},
          {"train", {"problems.json"}},
          {"test", {"problems.json"}}}},
        {"mmmu",
         "a_okvqa_mc",
         "choice",
         read_mmmu,
         {""},
         {{"validation", {"mmmu_validation.jsonl"}},
          {"dev", {"mmmu_dev.jsonl"}},
          {"test", {"mmmu_test.jsonl"}}}},
    };
    return table;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

const Dataset& dataset_of(std::string_view name) {
    for (const Dataset& dataset : datasets()) {
        if (name == dataset.name) return dataset;
    }
    throw InputError("there is no data set \"" + std::string(name) + "\"; there are " +
                     joined(dataset_names()));
}

const Split& split_of(const Dataset& dataset, std::string_view name) {
    if (name.empty()) return dataset.splits.front();
    for (const Split& split : dataset.splits) {
        if (name == split.name) return split;
    }
    throw InputError(std::string(dataset.name) + " has no split \"" + std::string(name) +
                     "\"; it has " + joined(dataset_splits(dataset.name)));
}

// `names` are alternatives, separated by '|'.
fs::path find_file(const Dataset& dataset, const fs::path& directory, std::string_view names) {
    std::vector<std::string> tried;
    for (std::size_t begin = 0; begin <= names.size();) {
        const std::size_t end = std::min(names.find('|', begin), names.size());
        const std::string name(names.substr(begin, end - begin));
        begin = end + 1;
        for (const char* folder : dataset.folders) {
            const fs::path path = directory / folder / name;
            std::error_code ignored;
            if (fs::exists(path, ignored)) return path;
        }
        tried.push_back(name);
    }
    std::string message =
        directory.string() + ": holds no " + joined(tried) + " of the data set " + dataset.name;
    if (dataset.read == read_mmmu)
        message += "; scripts/mmmu_manifest writes it from the Parquet files";
    throw InputError(message);
}

// MMMU has questions of both kinds; those without options are answered as VQA's are.
std::string style_of(const Dataset& dataset, const Sample& sample) {
    return dataset.read == read_mmmu && sample.task == "vqa" ? "vqa2" : dataset.style;
}

}  // namespace

fs::path DatasetFiles::image_folder(std::initializer_list<fs::path> candidates) const {
    for (const fs::path& candidate : candidates) {
        std::error_code ignored;
        if (fs::is_directory(directory / candidate, ignored)) return directory / candidate;
    }
    return directory / *candidates.begin();
}

const std::vector<std::string>& dataset_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Dataset& dataset : datasets()) all.emplace_back(dataset.name);
        return all;
    }();
    return names;
}

std::vector<std::string> dataset_splits(std::string_view name) {
    std::vector<std::string> names;
    for (const Split& split : dataset_of(name).splits) names.emplace_back(split.name);
    return names;
}

std::vector<std::string> dataset_files(std::string_view name, std::string_view split) {
    const Split& found = split_of(dataset_of(name), split);
    return {found.files.begin(), found.files.end()};
}

std::vector<Sample> read_dataset(const DatasetRequest& request) {
    const Dataset& dataset = dataset_of(request.name);
    const Split& split = split_of(dataset, request.split);
    DatasetFiles source{request.directory, {}, split.name};
    for (const char* names : split.files)
        source.files.push_back(find_file(dataset, request.directory, names));
    std::vector<Sample> samples = dataset.read(source);
    if (samples.empty())
        throw InputError(source.files.front().string() + ": holds no samples of the split " +
                         split.name);
    std::int64_t id = 0;
    for (Sample& sample : samples) {
        sample.dataset = dataset.name;
        sample.sample_id = id++;
        if (sample.task.empty()) sample.task = dataset.task;
        if (request.style_tags) sample.prompt = style_of(dataset, sample) + ": " + sample.prompt;
    }
    return samples;
}

}  // namespace decodemeter
