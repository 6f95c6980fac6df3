#include "profiler/watch/watch_library.hpp"

#include "profiler/system/program.hpp"

namespace decodemeter {

std::filesystem::path find_watch_library() {
    const std::filesystem::path here = own_program().parent_path();
    for (const std::filesystem::path& folder : {here, here.parent_path() / "lib"}) {
        std::filesystem::path library = folder / "libdecodemeter_watch.so";
        if (std::filesystem::exists(library)) return library;
    }
    return {};
}

}  // namespace decodemeter
