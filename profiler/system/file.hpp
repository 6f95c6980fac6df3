// Input files: read whole, or mapped. Every failure is an InputError that names the path and the
// reason. A Git LFS pointer in place of a file's content is a failure, too.
#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <span>
#include <string>

namespace decodemeter {

// The bytes of a regular file of at most `limit_bytes`. Symbolic links are followed.
std::string read_input_file(const std::filesystem::path& path,
                            std::size_t limit_bytes = std::numeric_limits<std::size_t>::max());

// A regular file, mapped read-only for as long as the object lives. An empty file maps to an empty
// span. The file must not shrink meanwhile: touching pages that are gone ends the process.
class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;

    std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    std::span<const std::byte> bytes_;
};

}  // namespace decodemeter
