// What a pair of push and pop costs the program, by name of the range. Run alone and under
// `decodemeter watch`. Prints one JSON line for each name.
#include <nvtx3/nvToolsExt.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace {

constexpr int pairs = 2000;
constexpr int rounds = 51;

double nanoseconds_of_a_pair(const char* name) {
    std::vector<double> rounds_ns;
    for (int round = 0; round < rounds; ++round) {
        nvtxRangePushA("generate");
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < pairs; ++i) {
            nvtxRangePushA(name);
            nvtxRangePop();
        }
        const std::chrono::duration<double, std::nano> taken =
            std::chrono::steady_clock::now() - begin;
        nvtxRangePop();
        rounds_ns.push_back(taken.count() / pairs);
    }
    std::nth_element(rounds_ns.begin(), rounds_ns.begin() + rounds / 2, rounds_ns.end());
    return rounds_ns[rounds / 2];
}

}  // namespace

int main() {
    for (const char* name : {"decode_step", "attention"})
        std::printf("{\"range\":\"%s\",\"ns\":%.1f}\n", name, nanoseconds_of_a_pair(name));
}
