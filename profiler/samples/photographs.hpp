#pragma once

#include <filesystem>

namespace decodemeter {

// The skimage/data folder: DECODEMETER_PHOTOS, else in the virtual environment beside the program
// or in the working directory. Empty where there is none.
std::filesystem::path find_photographs();

}  // namespace decodemeter
