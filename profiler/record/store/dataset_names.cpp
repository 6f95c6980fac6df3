#include "profiler/record/store/dataset_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "profiler/record/format/line_reading.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

// Levenshtein's distance: insertions, deletions and replacements of a letter.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

void refuse_unknown_datasets(std::span<const std::string> wanted,
                             std::span<const std::string> found) {
    if (found.empty()) return;
    for (const std::string& given : wanted) {
        const std::string name = canonical_dataset(given);
        if (std::find(found.begin(), found.end(), name) != found.end()) continue;
        const auto nearest = std::min_element(
            found.begin(), found.end(), [&](const std::string& a, const std::string& b) {
                return edit_distance(name, a) < edit_distance(name, b);
            });
        throw InputError(
            fmt::format("--datasets {}: the records have no such data set; did you mean {}? They "
                        "hold {}",
                        given, *nearest, fmt::join(found, ", ")));
    }
}

}  // namespace decodemeter
