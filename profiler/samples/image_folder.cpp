#include "profiler/samples/image_folder.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 4> extensions = {".jpg", ".jpeg", ".png", ".webp"};

bool is_picture(const fs::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
    std::vector<fs::path> pictures;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        // A link that leads nowhere stays a sample, and is reported when it is read.
        std::error_code ignored;
        if (is_picture(entry.path()) && !entry.is_directory(ignored))
            pictures.push_back(entry.path());
    }
    if (error)
        throw InputError(folder.string() + ": " + error.message() + "; name a folder of pictures");
    if (pictures.empty()) {
        throw InputError(folder.string() +
                         ": holds no pictures; looked for .jpg, .jpeg, .png and .webp files");
    }
    std::sort(pictures.begin(), pictures.end());
    return pictures;
}

Sample question_about(const fs::path& picture, const std::string& prompt,
                      const std::string& dataset, const char* task, std::size_t place) {
    Sample sample;
    sample.dataset = dataset;
    sample.sample_id = static_cast<std::int64_t>(place);
    sample.image = picture;
    sample.prompt = prompt;
    sample.task = task;
    return sample;
}

struct Kind {
    const char* dataset;
    const char* task;
    const char* general_prompt;  // null: only pictures that the table knows
};
constexpr Kind vqa = {"photos_vqa", "vqa", "What is shown in this picture?"};
constexpr Kind caption = {"photos_caption", "captioning", "Describe this image in detail."};
constexpr Kind document = {"photos_document", "doc_qa", nullptr};
constexpr Kind text = {"photos_text", "text_vqa", nullptr};

struct Question {
    std::string_view picture;  // the file's name without extension
    const Kind* kind;
    const char* prompt;
};
constexpr std::array questions = {
    Question{"astronaut", &vqa, "What is the woman wearing?"},
    Question{"camera", &vqa, "What is the man looking through?"},
    Question{"chelsea", &vqa, "What colour are the cat's eyes?"},
    Question{"clock_motion", &vqa, "What object is moving in this picture?"},
    Question{"coffee", &vqa, "What is next to the cup?"},
    Question{"coins", &vqa, "How many coins are there?"},
    Question{"horse", &vqa, "Which animal is this?"},
    Question{"hubble_deep_field", &vqa, "What are the bright spots?"},
    Question{"ihc", &vqa, "Which two colours does the stain have?"},
    Question{"moon", &vqa, "Is this a city or the surface of a moon?"},
    Question{"motorcycle_left", &vqa, "What kind of vehicle is in the foreground?"},
    Question{"retina", &vqa, "Which part of the body is this?"},
    Question{"rocket", &vqa, "Is the rocket standing still or taking off?"},
    Question{"astronaut", &text, "What is written on the patch on her suit?"},
    Question{"clock_motion", &text, "Which numbers can be read on the clock?"},
    Question{"coins", &text, "Read the letters on the coin in the upper left corner."},
    Question{"logo", &text, "What does the logo say?"},
    Question{"motorcycle_left", &text, "What is written on the motorcycle?"},
    Question{"rocket", &text, "Which words can be read on the rocket?"},
    Question{"text", &text, "Read the handwriting aloud."},
    Question{"page", &document, "What is the first sentence of this page?"},
    Question{"page", &document, "What is this page about?"},
    Question{"page", &document, "Which page number is printed on this page?"},
    Question{"text", &document, "Which words are written here?"},
    Question{"text", &document, "How many lines of text are there?"},
};

void append_questions(const fs::path& picture, const Kind& kind, std::vector<Sample>& samples) {
    const std::string stem = picture.stem().string();
    const auto append = [&](const char* prompt) {
        samples.push_back(question_about(picture, prompt, kind.dataset, kind.task, samples.size()));
    };
    bool known = false;
    for (const Question& question : questions) {
        if (question.kind != &kind || question.picture != stem) continue;
        append(question.prompt);
        known = true;
    }
    if (!known && kind.general_prompt != nullptr) append(kind.general_prompt);
}

}  // namespace

std::vector<Sample> read_image_folder(const fs::path& path, const std::string& prompt,
                                      const std::string& dataset) {
    std::error_code ignored;
    const std::vector<fs::path> pictures =
        fs::is_directory(path, ignored) ? pictures_in(path) : std::vector<fs::path>{path};
    std::vector<Sample> samples;
    for (const fs::path& picture : pictures) {
        samples.push_back(question_about(picture, prompt, dataset, "vqa", samples.size()));
    }
    return samples;
}

std::vector<Sample> read_photographs(const fs::path& folder) {
    const std::vector<fs::path> pictures = pictures_in(folder);
    std::vector<Sample> all;
    for (const Kind* kind : {&vqa, &caption, &document, &text}) {
        std::vector<Sample> samples;
        for (const fs::path& picture : pictures) append_questions(picture, *kind, samples);
        std::move(samples.begin(), samples.end(), std::back_inserter(all));
    }
    return all;
}

}  // namespace decodemeter
