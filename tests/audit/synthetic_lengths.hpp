// Output lengths as data sets have them, 2 to 64 tokens.
#pragma once

#include <algorithm>
#include <cmath>

#include "tests/statistics/synthetic.hpp"

namespace decodemeter::test {

enum class Lengths { uniform, log_uniform, short_answers, two_groups };
inline constexpr int length_shapes = 4;

inline int draw_length(Draws& draws, Lengths lengths) {
    switch (lengths) {
        case Lengths::uniform:
            return draws.integer(2, 64);
        case Lengths::log_uniform:
            return std::min(
                64, static_cast<int>(std::exp(draws.uniform(std::log(2.0), std::log(65.0)))));
        case Lengths::short_answers:  // geometric, 11 tokens on average
            return std::min(
                64, 2 + static_cast<int>(std::log(draws.uniform()) / std::log(1 - 1 / 10.0)));
        case Lengths::two_groups:
            return draws.uniform() < 0.6 ? draws.integer(2, 6) : draws.integer(40, 64);
    }
    return 2;
}

}  // namespace decodemeter::test
