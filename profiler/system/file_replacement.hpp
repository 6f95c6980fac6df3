// Output files that are replaced whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace decodemeter {

// A file's new content, written beside it under another name. What was not put in its place is
// removed, so that a full disk or an exception leaves the old file and nothing else.
class FileReplacement {
public:
    explicit FileReplacement(std::filesystem::path file);
    ~FileReplacement();
    FileReplacement(const FileReplacement&) = delete;
    FileReplacement& operator=(const FileReplacement&) = delete;

    // Where to write the new content.
    const std::filesystem::path& written_path() const noexcept { return written_; }
    // Flushes the content to the disk and puts it in the file's place. Throws std::system_error.
    void put_in_place();

private:
    std::filesystem::path file_;
    std::filesystem::path written_;
};

// Writes `text` as the whole of the file; its folder must be there. A device or a symbolic link is
// written to instead of being replaced. Throws std::system_error that names the file.
void replace_file(const std::filesystem::path& file, std::string_view text);

// The same for a file that the user named: makes its folder. Throws InputError.
void write_output_file(const std::filesystem::path& file, std::string_view text);

}  // namespace decodemeter
