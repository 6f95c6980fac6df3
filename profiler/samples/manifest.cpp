#include "profiler/samples/manifest.hpp"

#include <unordered_map>

#include "profiler/error/error.hpp"
#include "profiler/input/file.hpp"
#include "profiler/input/json_document.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t file_limit_bytes = std::size_t{1} << 31;

// The name becomes a folder of the results.
void check_dataset_name(const JsonValue& json) {
    const std::string_view name = json.string();
    const bool safe = !name.empty() && name.front() != '.' &&
                      name.find_first_of("/\\") == std::string_view::npos &&
                      name.find('\0') == std::string_view::npos;
    if (!safe) json.fail("must be a name without slashes");
}

std::vector<std::string> read_answers(const JsonValue& json) {
    if (!json.is_array()) return {std::string(json.string())};
    std::vector<std::string> answers;
    for (const JsonValue& answer : json.elements()) answers.emplace_back(answer.string());
    return answers;
}

Sample read_line(const JsonValue& json, const fs::path& manifest) {
    Sample sample;
    sample.prompt = json.at("prompt").string();
    sample.dataset = manifest.stem().string();
    if (const auto dataset = json.find("dataset")) {
        check_dataset_name(*dataset);
        sample.dataset = dataset->string();
    }
    if (const auto task = json.find("task")) sample.task = task->string();
    if (const auto answers = json.find("answers")) sample.answers = read_answers(*answers);
    if (const auto image = json.find("image"); image && !image->string().empty()) {
        sample.image = manifest.parent_path() / fs::path(image->string());
    }
    return sample;
}

}  // namespace

std::vector<Sample> read_manifest(const fs::path& path) {
    const std::string text = read_input_file(path, file_limit_bytes);
    std::vector<Sample> samples;
    std::unordered_map<std::string, std::int64_t> counts;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = std::string_view(text).substr(begin, end - begin);
        begin = end + 1;
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const auto document =
            JsonDocument::parse(line, path.string() + ": line " + std::to_string(number));
        samples.push_back(read_line(document->root(), path));
        samples.back().sample_id = counts[samples.back().dataset]++;
    }
    if (samples.empty())
        throw InputError(path.string() + ": holds no samples; each line should be a JSON object");
    return samples;
}

}  // namespace decodemeter
