// Samples from pictures that lie in a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "profiler/samples/sample.hpp"

namespace decodemeter {

// One sample for each picture (.jpg, .jpeg, .png, .webp, in any case) of a folder, by name, or for
// one file; all with the same prompt. Throws InputError for a folder without pictures.
std::vector<Sample> read_image_folder(const std::filesystem::path& path, const std::string& prompt,
                                      const std::string& dataset);

// The photographs that scikit-image ships (astronaut, coffee, page, ...) with questions made for
// them: the data sets photos_vqa, photos_caption, photos_document and photos_text, one after the
// other. Pictures of other names get general questions in photos_vqa and photos_caption.
std::vector<Sample> read_photographs(const std::filesystem::path& folder);

}  // namespace decodemeter
