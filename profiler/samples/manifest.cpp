#include "profiler/samples/manifest.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "profiler/samples/source_id.hpp"
#include "profiler/system/error.hpp"
#include "profiler/system/file.hpp"
#include "profiler/system/json_document.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t file_limit_bytes = std::size_t{1} << 31;
constexpr std::array<std::string_view, 6> known_fields = {"prompt", "image",   "dataset",
                                                          "task",   "answers", "id"};

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
    sample.manifest_id = source_id(json, "id");
    if (const auto task = json.find("task")) sample.task = task->string();
    if (const auto answers = json.find("answers")) sample.answers = read_answers(*answers);
    if (const auto image = json.find("image"); image && !image->string().empty()) {
        sample.image = manifest.parent_path() / fs::path(image->string());
    }
    return sample;
}

bool seems_to_name_a_picture(const JsonField& field) {
    if (!field.value.is_string()) return false;
    std::string extension = fs::path(field.value.string()).extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::array<std::string_view, 4> pictures = {".jpg", ".jpeg", ".png", ".webp"};
    return std::find(pictures.begin(), pictures.end(), extension) != pictures.end();
}

// Notes the fields that are not read. Returns the first that seems to name a picture, or nothing.
std::string note_unknown_fields(const JsonValue& json, std::set<std::string>& unknown) {
    std::string picture;
    for (const JsonField& field : json.fields()) {
        if (std::find(known_fields.begin(), known_fields.end(), field.name) != known_fields.end())
            continue;
        unknown.emplace(field.name);
        if (picture.empty() && seems_to_name_a_picture(field)) picture = field.name;
    }
    return picture;
}

void check_images(const std::vector<Sample>& samples, const std::string& picture_field,
                  const fs::path& path) {
    const bool images = std::any_of(samples.begin(), samples.end(),
                                    [](const Sample& sample) { return !sample.image.empty(); });
    if (images || picture_field.empty()) return;
    throw InputError(path.string() + ": no line has the field \"image\", but \"" + picture_field +
                     "\" seems to name pictures; call it \"image\"");
}

}  // namespace

std::vector<Sample> read_manifest(const fs::path& path, std::set<std::string>* unknown_fields) {
    const std::string text = read_input_file(path, file_limit_bytes);
    std::set<std::string> unknown;
    std::string picture_field;
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
        const std::string picture = note_unknown_fields(document->root(), unknown);
        if (picture_field.empty()) picture_field = picture;
        samples.back().sample_id = counts[samples.back().dataset]++;
    }
    if (samples.empty())
        throw InputError(path.string() + ": holds no samples; each line should be a JSON object");
    check_images(samples, picture_field, path);
    if (unknown_fields) unknown_fields->merge(unknown);
    return samples;
}

}  // namespace decodemeter
