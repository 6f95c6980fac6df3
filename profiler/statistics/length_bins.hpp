// Ranges of output lengths N, narrow where the divisor matters most.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace decodemeter {

struct LengthBin {
    std::string_view label;
    std::string_view key;  // the label in ASCII, for JSON
    int low = 0;
    int high = 0;  // the last one included
};

inline constexpr std::array<LengthBin, 5> length_bins = {{{"2", "2", 2, 2},
                                                          {"3–5", "3-5", 3, 5},
                                                          {"6–10", "6-10", 6, 10},
                                                          {"11–20", "11-20", 11, 20},
                                                          {"21+", "21+", 21, 1 << 30}}};

// The first for an N below 2.
constexpr std::size_t length_bin_of(int tokens) noexcept {
    std::size_t bin = 0;
    while (tokens > length_bins[bin].high) ++bin;
    return bin;
}

}  // namespace decodemeter
