// ScienceQA and MMMU: questions with options.
#include "profiler/samples/dataset_formats.hpp"
#include "profiler/samples/manifest.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_options = 26;

std::vector<std::string> options_of(const JsonValue& problem) {
    std::vector<std::string> options;
    const JsonValue choices = problem.at("choices");
    for (const JsonValue& choice : choices.elements()) options.emplace_back(choice.string());
    if (options.empty() || options.size() > most_options) choices.fail("must have 1 to 26 options");
    return options;
}

Sample read_problem(const JsonValue& problem, const fs::path& image) {
    Sample sample;
    sample.image = image;
    std::string question(problem.at("question").string());
    if (const auto hint = problem.find("hint"); hint && !hint->string().empty()) {
        question = std::string(hint->string()) + "\n" + question;
    }
    const std::vector<std::string> options = options_of(problem);
    sample.prompt = multiple_choice_prompt(question, options);
    if (const auto answer = problem.find("answer")) {
        const auto index = answer->integer(0, static_cast<std::int64_t>(options.size()) - 1);
        sample.answers = {std::string(1, static_cast<char>('A' + index))};
    }
    return sample;
}

}  // namespace

std::string multiple_choice_prompt(std::string_view question,
                                   const std::vector<std::string>& options) {
    std::string prompt(question);
    char letter = 'A';
    for (const std::string& option : options)
        prompt += std::string("\n") + letter++ + ": " + option;
    return prompt + "\n";
}

std::vector<Sample> read_science_qa(const DatasetFiles& source) {
    const auto document = JsonDocument::read(source.files[0], dataset_file_limit_bytes);
    const std::string split = source.split == "validation" ? "val" : std::string(source.split);
    const fs::path images = source.image_folder(
        {split, fs::path("images") / split, fs::path("data/scienceqa/images") / split});
    std::vector<Sample> samples;
    for (const JsonField& problem : document->root().fields()) {
        const auto image = problem.value.find("image");
        if (!image || problem.value.at("split").string() != split) continue;
        const fs::path folder = images / fs::path(problem.name).filename();
        samples.push_back(
            read_problem(problem.value, folder / fs::path(image->string()).filename()));
        samples.back().manifest_id = problem.name;
    }
    return samples;
}

std::vector<Sample> read_mmmu(const DatasetFiles& source) { return read_manifest(source.files[0]); }

}  // namespace decodemeter
