#include "estimator/networks/archive_check.hpp"

#include <minizip/unzip.h>

#include <array>
#include <memory>

namespace decodemeter {

namespace {

struct CloseArchive {
    void operator()(void* archive) const noexcept { unzClose(archive); }
};
using Archive = std::unique_ptr<void, CloseArchive>;

std::string entry_name(unzFile archive) {
    std::array<char, 256> name{};
    unzGetCurrentFileInfo64(archive, nullptr, name.data(), name.size() - 1, nullptr, 0, nullptr, 0);
    return name.data();
}

// Why the current entry cannot be read whole; null when it can.
const char* entry_fault(unzFile archive) {
    if (unzOpenCurrentFile(archive) != UNZ_OK) return "cannot be read";
    std::array<char, 1 << 14> bytes;
    int read = 0;
    do read = unzReadCurrentFile(archive, bytes.data(), bytes.size());
    while (read > 0);
    const int closed = unzCloseCurrentFile(archive);
    if (closed == UNZ_CRCERROR) return "does not match its checksum";
    return read < 0 || closed != UNZ_OK ? "cannot be read" : nullptr;
}

}  // namespace

std::optional<std::string> archive_fault(const std::filesystem::path& file) {
    const Archive archive(unzOpen64(file.c_str()));
    if (!archive) return "its directory cannot be read";
    int at = unzGoToFirstFile(archive.get());
    for (; at == UNZ_OK; at = unzGoToNextFile(archive.get())) {
        if (const char* fault = entry_fault(archive.get()))
            return "entry \"" + entry_name(archive.get()) + "\" " + fault;
    }
    if (at != UNZ_END_OF_LIST_OF_FILE) return "its directory cannot be read";
    return std::nullopt;
}

}  // namespace decodemeter
