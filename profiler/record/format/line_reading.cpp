#include "profiler/record/format/line_reading.hpp"

#include <algorithm>
#include <numeric>

namespace decodemeter {

namespace {

constexpr std::size_t examples_kept = 20;

}  // namespace

std::int64_t ReadReport::skipped_count() const {
    return std::accumulate(skipped.begin(), skipped.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& entry) { return sum + entry.second; });
}

void ReadReport::skip(std::string file, std::int64_t line, std::string reason) {
    ++skipped[reason];
    if (examples.size() < examples_kept)
        examples.push_back({std::move(file), line, std::move(reason)});
}

std::string canonical_dataset(std::string_view name) {
    std::string canonical(name);
    std::replace(canonical.begin(), canonical.end(), '-', '_');
    return canonical;
}

}  // namespace decodemeter
