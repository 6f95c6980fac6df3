#pragma once

#include <filesystem>

namespace decodemeter {

// A new folder for temporary files, removed with all that is in it.
class ScratchFolder {
public:
    // Throws std::system_error where none can be made.
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace decodemeter
