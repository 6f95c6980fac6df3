// Upper bounds as factors on a predicted time: what split-conformal calibration left behind. Pure
// look-up.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace decodemeter {

// Bins of the output length N in which the bounds are calibrated.
inline constexpr std::size_t bound_bins = 4;
inline constexpr std::array<std::string_view, bound_bins> bound_bin_names = {"2", "3-5", "6-20",
                                                                             "21+"};
// The longest answer of each bin but the last, which has none.
inline constexpr std::array<int, bound_bins - 1> longest_in_bound_bin = {2, 5, 20};
constexpr std::size_t bound_bin(int output_tokens) noexcept {
    std::size_t bin = 0;
    while (bin + 1 < bound_bins && output_tokens > longest_in_bound_bin[bin]) ++bin;
    return bin;
}

// Of fewer requests a further one stays under the largest with less than 95 % probability.
inline constexpr std::size_t fewest_for_p95 = 19;

// Factors for 90, 95 and 99 of 100 requests.
struct BoundFactors {
    double p90 = 1;
    double p95 = 1;
    double p99 = 1;

    bool operator==(const BoundFactors&) const = default;
};

struct Bounds {
    BoundFactors prefill;
    std::array<BoundFactors, bound_bins> decode;  // of the total of all steps, by N
    std::array<BoundFactors, bound_bins> total;   // of prefill and decode together, by N
    // On top of p95: 95 of 100 requests in 90 of 100 configurations. None where the records hold
    // one configuration.
    std::optional<double> hierarchical;
    bool calibrated = true;  // false: from fewer requests than a P95 takes

    bool operator==(const Bounds&) const = default;
};

}  // namespace decodemeter
