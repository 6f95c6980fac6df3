#include "profiler/report/report_file.hpp"

#include "profiler/system/error.hpp"

namespace decodemeter {

void check_report_file(const std::filesystem::path& file, const std::string& flag) {
    if (file.empty()) return;
    if (std::filesystem::is_directory(file))
        throw InputError(flag + " " + file.string() + ": is a directory; name a file");
    std::error_code error;
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
    if (error)
        throw InputError(flag + " " + file.string() + ": cannot make its folder (" +
                         error.message() + ")");
}

}  // namespace decodemeter
