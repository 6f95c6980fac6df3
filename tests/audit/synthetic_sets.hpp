// Sets of per-token figures made in a known way, the hardest that the diagnosis promises to get
// right among them.
#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "profiler/audit/divisor/divisor.hpp"
#include "tests/audit/synthetic_lengths.hpp"

namespace decodemeter::test {

// A set's way of making its figure: from N, the cost c of a step and a strength that the kind gives
// a meaning.
using Figure = std::function<double(double tokens, double step_ms, double strength)>;

struct SyntheticSet {
    std::vector<PerTokenFigure> figures;

    // Even seeds: 200 requests and 3 % noise, the hardest case. The number of configurations, the
    // shape of the lengths and how much the mix of configurations depends on the length go with the
    // seed.
    SyntheticSet(std::uint64_t seed, double strength, const Figure& figure) {
        Draws draws(seed);
        const auto lengths = static_cast<Lengths>(seed % length_shapes);
        const std::size_t configurations = std::array<std::size_t, 3>{1, 6, 24}[seed / 4 % 3];
        const int requests = seed % 2 == 0 ? 200 : draws.integer(200, 1000);
        const double noise = seed % 2 == 0 ? 0.03 : draws.uniform(0, 0.03);
        std::vector<double> step_ms;
        for (std::size_t i = 0; i < configurations; ++i)
            step_ms.push_back(std::exp(draws.uniform(1, 4)));
        for (int i = 0; i < requests; ++i) {
            const int tokens = draw_length(draws, lengths);
            // Half of the long answers come from the first few configurations.
            const bool early = tokens > 12 && draws.uniform() < 0.5;
            const auto group = static_cast<std::size_t>(
                draws.uniform() *
                static_cast<double>(early ? (configurations + 2) / 3 : configurations));
            const double ms =
                figure(tokens, step_ms[group], strength) * (1 + noise * draws.normal());
            figures.push_back({group, static_cast<double>(tokens), ms, 0});
        }
    }
};

struct Outcome {
    int right = 0;
    int wrong = 0;
    int undecided = 0;
    std::map<std::string, int> wrongly;
};

inline Outcome diagnose_sets(DivisorVerdict truth, double least_strength, double largest_strength,
                             const Figure& figure) {
    Outcome outcome;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        // Every fourth set has the least strength, the others are spread evenly on a logarithmic
        // scale.
        Draws draws(seed ^ 0x5eed);
        const double strength =
            seed / 12 % 4 == 0
                ? least_strength
                : std::exp(draws.uniform(std::log(least_strength), std::log(largest_strength)));
        const DivisorVerdict verdict =
            diagnose_divisor(SyntheticSet(seed, strength, figure).figures).verdict;
        if (verdict == truth) ++outcome.right;
        else if (verdict == DivisorVerdict::undecided) ++outcome.undecided;
        else {
            ++outcome.wrong;
            ++outcome.wrongly[std::string(to_string(verdict))];
        }
    }
    return outcome;
}

inline double n_minus_1(double, double c, double) { return c; }
inline double n(double tokens, double c, double) { return c * (tokens - 1) / tokens; }
inline double n_plus_1(double tokens, double c, double) { return c * (tokens - 1) / (tokens + 1); }
inline double prefill_included(double tokens, double c, double steps) {
    return c * (steps + tokens - 1) / tokens;
}
inline double slope(double tokens, double c, double growth) {
    return c * (1 + growth * (tokens - 2) / 2);
}
inline double slope_over_n(double tokens, double c, double growth) {
    return slope(tokens, c, growth) * (tokens - 1) / tokens;
}

}  // namespace decodemeter::test
