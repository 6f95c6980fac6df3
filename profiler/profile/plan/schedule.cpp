#include "profiler/profile/plan/schedule.hpp"

#include <numeric>
#include <utility>

namespace decodemeter {

namespace {

// Fisher-Yates with mix_seed: std::shuffle may differ between standard libraries.
std::vector<std::size_t> permutation(std::size_t size, std::uint64_t seed) {
    std::vector<std::size_t> order(size);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = size; i > 1; --i) std::swap(order[i - 1], order[mix_seed(seed, i) % i]);
    return order;
}

}  // namespace

std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t place) noexcept {
    std::uint64_t x = seed + 0x9e3779b97f4a7c15ULL * (place + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

std::vector<Round> make_rounds(std::size_t samples, std::size_t configs, int repeats,
                               std::uint64_t seed, const Shard& shard) {
    std::vector<Round> rounds;
    std::size_t number = 0;
    for (int repeat = 0; repeat < repeats; ++repeat) {
        for (const std::size_t sample :
             permutation(samples, mix_seed(seed, static_cast<std::uint64_t>(repeat)))) {
            const std::size_t own_number = number++;
            if (own_number % static_cast<std::size_t>(shard.count) !=
                static_cast<std::size_t>(shard.index))
                continue;
            Round round;
            for (const std::size_t config :
                 permutation(configs, mix_seed(seed ^ 0x5bd1e995, own_number))) {
                round.push_back({sample, config, repeat});
            }
            rounds.push_back(std::move(round));
        }
    }
    return rounds;
}

}  // namespace decodemeter
