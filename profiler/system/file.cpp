#include "profiler/system/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

struct Descriptor {
    int fd;
    std::size_t size_bytes = 0;

    explicit Descriptor(int descriptor) : fd(descriptor) {}
    ~Descriptor() { ::close(fd); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
};

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
    throw InputError(path.string() + ": " + reason);
}

std::string open_failure(const fs::path& path, int error) {
    std::error_code ignored;
    if (error == ENOENT && fs::is_symlink(path, ignored)) {
        return "is a symbolic link to " + fs::read_symlink(path, ignored).string() +
               ", which is not there";
    }
    return error == ENOENT ? "no such file"
                           : std::string("cannot be opened: ") + std::strerror(error);
}

// O_NONBLOCK: a named pipe must be refused below, not waited for.
int open_for_reading(const fs::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) fail(path, open_failure(path, errno));
    return fd;
}

void check_regular(const fs::path& path, Descriptor& file) {
    struct stat status {};
    if (::fstat(file.fd, &status) != 0)
        fail(path, std::string("cannot be examined: ") + std::strerror(errno));
    if (S_ISDIR(status.st_mode)) fail(path, "is a directory, not a file");
    if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file");
    file.size_bytes = static_cast<std::size_t>(status.st_size);
}

// From the first bytes of a file.
void refuse_lfs_pointer(const fs::path& path, const Descriptor& file) {
    constexpr std::string_view start = "version https://git-lfs.github.com/";
    std::array<char, start.size()> bytes{};
    const ssize_t count = ::pread(file.fd, bytes.data(), bytes.size(), 0);
    if (count == static_cast<ssize_t>(bytes.size()) &&
        std::string_view(bytes.data(), bytes.size()) == start)
        fail(path,
             "is a Git LFS pointer, not the file itself; run `git lfs pull` where it is from");
}

}  // namespace

std::string read_input_file(const fs::path& path, std::size_t limit_bytes) {
    Descriptor file(open_for_reading(path));
    check_regular(path, file);
    refuse_lfs_pointer(path, file);
    if (file.size_bytes > limit_bytes) {
        fail(path, "has " + std::to_string(file.size_bytes) + " bytes, more than the " +
                       std::to_string(limit_bytes) + " that are read");
    }
    std::string bytes(file.size_bytes, '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::read(file.fd, bytes.data() + filled, bytes.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(path, std::string("cannot be read: ") + std::strerror(errno));
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }
    bytes.resize(filled);
    return bytes;
}

MappedFile::MappedFile(const fs::path& path) {
    Descriptor file(open_for_reading(path));
    check_regular(path, file);
    refuse_lfs_pointer(path, file);
    if (file.size_bytes == 0) return;
    void* address = ::mmap(nullptr, file.size_bytes, PROT_READ, MAP_PRIVATE, file.fd, 0);
    if (address == MAP_FAILED) fail(path, std::string("cannot be mapped: ") + std::strerror(errno));
    bytes_ = {static_cast<const std::byte*>(address), file.size_bytes};
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

}  // namespace decodemeter
