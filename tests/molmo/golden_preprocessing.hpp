// The cases of golden/prep and golden/preprocess-real whose files are there.
#pragma once

#include <string>
#include <vector>

#include "profiler/molmo/checkpoint/safetensors.hpp"
#include "profiler/molmo/text/token_layout.hpp"
#include "profiler/system/json_document.hpp"
#include "tests/golden_directory.hpp"

namespace decodemeter::test {

struct PreprocessingCase {
    std::string name;
    int height = 0;
    int width = 0;
    molmo::ImageGeometry geometry;
    molmo::ImageTokenIds ids;
    std::filesystem::path file;
};

inline std::vector<PreprocessingCase> preprocessing_cases(const std::string& folder) {
    const std::filesystem::path directory = golden_directory() / folder;
    const auto document = JsonDocument::read(directory / "index.json", 1 << 20);
    const JsonValue ids = document->root().at("token_ids");
    const auto id = [&](const char* name) { return ids.at(name).integer(0, 1000); };
    std::vector<PreprocessingCase> cases;
    for (const JsonValue& json : document->root().at("cases").elements()) {
        PreprocessingCase item;
        const auto tag = json.find("tag");
        item.name = tag ? tag->string() : json.at("image").string();
        item.file = directory / (item.name + ".golden.safetensors");
        if (!std::filesystem::exists(item.file)) continue;
        item.height = json.at("image_hw").elements()[0].small_integer(1, 10000);
        item.width = json.at("image_hw").elements()[1].small_integer(1, 10000);
        item.ids = {id("im_start"), id("im_end"), id("im_patch"), id("im_col")};
        if (const auto geometry = document->root().find("geometry")) {
            item.geometry.base_size = geometry->at("size").small_integer(1, 10000);
            item.geometry.patch = geometry->at("patch").small_integer(1, 10000);
            item.geometry.margin = geometry->at("margins").elements()[0].small_integer(0, 100);
            item.geometry.max_crops = geometry->at("max_crops").small_integer(1, 100);
        } else {
            item.geometry.max_crops = json.at("max_crops").small_integer(1, 100);
        }
        cases.push_back(item);
    }
    return cases;
}

// The numbers of a tensor; REQUIREs are left to the caller.
template <class T>
std::vector<T> numbers(const molmo::TensorView& tensor) {
    std::vector<T> values(tensor.bytes.size() / sizeof(T));
    std::copy(tensor.bytes.begin(), tensor.bytes.end(),
              reinterpret_cast<std::byte*>(values.data()));
    return values;
}

}  // namespace decodemeter::test
