// VQAv2, OK-VQA, TallyQA and COCO captions: questions about COCO's and Visual Genome's photographs.
#include <array>
#include <cstdio>
#include <unordered_map>

#include "profiler/samples/dataset_formats.hpp"
#include "profiler/samples/source_id.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t max_id = std::int64_t{1} << 53;

// "val2014", as the question file's name has it: "..._mscoco_val2014_questions.json".
std::string coco_subset(const fs::path& questions) {
    const std::string name = questions.filename().string();
    const std::string_view before = "mscoco_";
    const std::string_view after = "_questions";
    const std::size_t begin = name.find(before) + before.size();
    return name.substr(begin, name.find(after) - begin);
}

std::string coco_file_name(const std::string& subset, std::int64_t image_id) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%012lld", static_cast<long long>(image_id));
    return "COCO_" + subset + "_" + digits.data() + ".jpg";
}

std::vector<std::string> vqa_answers(const JsonValue& annotation) {
    std::vector<std::string> answers;
    for (const JsonValue& answer : annotation.at("answers").elements()) {
        const auto raw = answer.find("raw_answer");  // OK-VQA: as given, before stemming
        answers.emplace_back(raw ? raw->string() : answer.at("answer").string());
    }
    return answers;
}

}  // namespace

std::vector<Sample> read_vqa(const DatasetFiles& source) {
    std::unordered_map<std::int64_t, std::vector<std::string>> answers;
    if (source.files.size() > 1) {
        const auto document = JsonDocument::read(source.files[1], dataset_file_limit_bytes);
        for (const JsonValue& annotation : document->root().at("annotations").elements()) {
            answers[annotation.at("question_id").integer(0, max_id)] = vqa_answers(annotation);
        }
    }
    const std::string subset = coco_subset(source.files[0]);
    const fs::path images = source.image_folder({subset, fs::path("images") / subset, "images"});
    const auto document = JsonDocument::read(source.files[0], dataset_file_limit_bytes);
    std::vector<Sample> samples;
    for (const JsonValue& question : document->root().at("questions").elements()) {
        Sample& sample = samples.emplace_back();
        sample.image = images / coco_file_name(subset, question.at("image_id").integer(0, max_id));
        sample.prompt = question.at("question").string();
        sample.manifest_id = source_id(question, "question_id");
        const auto found = answers.find(question.at("question_id").integer(0, max_id));
        if (found != answers.end()) sample.answers = std::move(found->second);
    }
    return samples;
}

std::vector<Sample> read_coco_captions(const DatasetFiles& source) {
    const auto document = JsonDocument::read(source.files[0], dataset_file_limit_bytes);
    std::unordered_map<std::int64_t, std::vector<std::string>> captions;
    for (const JsonValue& annotation : document->root().at("annotations").elements()) {
        captions[annotation.at("image_id").integer(0, max_id)].emplace_back(
            annotation.at("caption").string());
    }
    const std::string name = source.files[0].stem().string();
    const std::string subset = name.substr(name.find('_') + 1);
    const fs::path images = source.image_folder({subset, fs::path("images") / subset, "images"});
    std::vector<Sample> samples;
    for (const JsonValue& image : document->root().at("images").elements()) {
        Sample& sample = samples.emplace_back();
        sample.image = images / fs::path(image.at("file_name").string()).filename();
        sample.prompt = "Write a very short description of this image.";
        sample.manifest_id = source_id(image, "id");
        sample.answers = std::move(captions[image.at("id").integer(0, max_id)]);
    }
    return samples;
}

std::vector<Sample> read_tally_qa(const DatasetFiles& source) {
    const auto document = JsonDocument::read(source.files[0], dataset_file_limit_bytes);
    const fs::path images = source.image_folder({"images", ""});
    std::vector<Sample> samples;
    for (const JsonValue& question : document->root().elements()) {
        Sample& sample = samples.emplace_back();
        sample.image = images / fs::path(question.at("image").string()).relative_path();
        sample.prompt = question.at("question").string();
        sample.manifest_id = source_id(question, "question_id");
        if (const auto answer = question.find("answer")) {
            sample.answers = {std::to_string(answer->integer(-1, max_id))};
        }
    }
    return samples;
}

}  // namespace decodemeter
