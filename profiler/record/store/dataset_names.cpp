#include "profiler/record/store/dataset_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "profiler/record/format/line_reading.hpp"
#include "profiler/system/invalid_argument.hpp"
#include "profiler/system/nearest_name.hpp"

namespace decodemeter {

void refuse_unknown_datasets(std::span<const std::string> wanted,
                             std::span<const std::string> found) {
    if (found.empty()) return;
    for (const std::string& given : wanted) {
        const std::string name = canonical_dataset(given);
        if (std::find(found.begin(), found.end(), name) != found.end()) continue;
        const std::string near = nearest_name(name, found);
        throw InvalidArgument(
            "datasets", fmt::format(" {}: the records have no such data set{}; they hold {}", given,
                                    near.empty() ? "" : " (did you mean " + near + "?)",
                                    fmt::join(found, ", ")));
    }
}

}  // namespace decodemeter
