#include "profiler/system/file_replacement.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "profiler/system/error.hpp"

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& file, const char* what, int error) {
    throw std::system_error(error, std::generic_category(), file.string() + ": " + what);
}

class OpenFile {
public:
    OpenFile(const fs::path& file, int flags)
        : file_(file), descriptor_(::open(file.c_str(), flags | O_CLOEXEC, 0644)) {
        if (descriptor_ < 0) fail(file_, "cannot open for writing", errno);
    }
    ~OpenFile() { ::close(descriptor_); }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    void write(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t written = ::write(descriptor_, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(file_, "cannot write", errno);
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void flush() const {
        if (::fdatasync(descriptor_) != 0) fail(file_, "cannot flush", errno);
    }

private:
    const fs::path& file_;
    int descriptor_;
};

bool is_written_in_place(const fs::path& file) {
    std::error_code ignored;
    return fs::is_symlink(file, ignored) ||
           (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored));
}

}  // namespace

FileReplacement::FileReplacement(fs::path file)
    : file_(std::move(file)), written_(file_.string() + ".partial") {}

FileReplacement::~FileReplacement() {
    std::error_code ignored;
    if (!written_.empty()) fs::remove(written_, ignored);
}

void FileReplacement::put_in_place() {
    OpenFile(written_, O_WRONLY).flush();
    if (::rename(written_.c_str(), file_.c_str()) != 0) fail(file_, "cannot replace", errno);
    written_.clear();
}

void replace_file(const fs::path& file, std::string_view text) {
    if (is_written_in_place(file)) return OpenFile(file, O_WRONLY | O_TRUNC).write(text);
    FileReplacement replacement(file);
    OpenFile(replacement.written_path(), O_WRONLY | O_CREAT | O_TRUNC).write(text);
    replacement.put_in_place();
}

void write_output_file(const fs::path& file, std::string_view text) {
    try {
        if (file.has_parent_path()) fs::create_directories(file.parent_path());
        replace_file(file, text);
    } catch (const std::system_error& error) {
        throw InputError(file.string() + ": cannot write (" + error.code().message() +
                         "); is the disk full, or the folder read-only?");
    }
}

}  // namespace decodemeter
