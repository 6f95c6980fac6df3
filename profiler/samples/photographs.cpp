#include "profiler/samples/photographs.hpp"

#include <cstdlib>

namespace decodemeter {

namespace fs = std::filesystem;

namespace {

// skimage/data below a virtual environment; empty where there is none.
fs::path photographs_below(const fs::path& environment) {
    std::error_code ignored;
    for (const auto& python : fs::directory_iterator(environment / "lib", ignored)) {
        const fs::path data = python.path() / "site-packages" / "skimage" / "data";
        if (fs::exists(data / "astronaut.png")) return data;
    }
    return {};
}

}  // namespace

fs::path find_photographs() {
    if (const char* folder = std::getenv("DECODEMETER_PHOTOS")) return folder;
    std::error_code ignored;
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
    for (const fs::path& root : {program.parent_path().parent_path(), fs::current_path()}) {
        if (fs::path data = photographs_below(root / ".venv"); !data.empty()) return data;
    }
    return {};
}

}  // namespace decodemeter
