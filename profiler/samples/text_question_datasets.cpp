// TextVQA, DocVQA and ST-VQA: questions about text in pictures.
#include "profiler/samples/dataset_formats.hpp"
#include "profiler/samples/source_id.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> answers_of(const JsonValue& question) {
    std::vector<std::string> answers;
    if (const auto found = question.find("answers")) {
        for (const JsonValue& answer : found->elements()) answers.emplace_back(answer.string());
    }
    return answers;
}

// All three files are {"data": [{"question": ..., "answers": [...], ...}]}; `image_of` tells where
// the picture is, `id` names the field with the owner's id.
template <class ImageOf>
std::vector<Sample> read_questions(const fs::path& file, std::string_view id,
                                   const ImageOf& image_of) {
    const auto document = JsonDocument::read(file, dataset_file_limit_bytes);
    std::vector<Sample> samples;
    for (const JsonValue& question : document->root().at("data").elements()) {
        Sample& sample = samples.emplace_back();
        sample.image = image_of(question);
        sample.prompt = question.at("question").string();
        sample.manifest_id = source_id(question, id);
        sample.answers = answers_of(question);
    }
    return samples;
}

}  // namespace

std::vector<Sample> read_text_vqa(const DatasetFiles& source) {
    // The pictures of the validation questions are published among the training ones.
    const char* subset = source.split == "test" ? "test_images" : "train_images";
    const fs::path images = source.image_folder({subset, fs::path("images") / subset, "images"});
    return read_questions(source.files[0], "question_id", [&](const JsonValue& question) {
        return images / fs::path(std::string(question.at("image_id").string()) + ".jpg").filename();
    });
}

std::vector<Sample> read_doc_vqa(const DatasetFiles& source) {
    const fs::path images = source.image_folder(
        {"documents", "spdocvqa_images", source.files[0].parent_path() / "documents", "images"});
    return read_questions(source.files[0], "questionId", [&](const JsonValue& question) {
        return images / fs::path(question.at("image").string()).filename();
    });
}

std::vector<Sample> read_scene_text_vqa(const DatasetFiles& source) {
    const fs::path images = source.image_folder({"images", ""});
    return read_questions(source.files[0], "question_id", [&](const JsonValue& question) {
        return images / fs::path(question.at("file_path").string()).relative_path();
    });
}

}  // namespace decodemeter
