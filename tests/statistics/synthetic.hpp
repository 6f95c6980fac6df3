// Seeded draws for tests: the same numbers on every machine, which std::normal_distribution does
// not promise.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace decodemeter::test {

class Draws {
public:
    explicit Draws(std::uint64_t seed) : engine_(seed) {}

    // In (0, 1).
    double uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53; }
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    // low ... high, both included.
    int integer(int low, int high) { return low + static_cast<int>(uniform() * (high - low + 1)); }
    double normal() {
        return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
    }
    double cauchy() { return std::tan(std::numbers::pi * (uniform() - 0.5)); }

private:
    std::mt19937_64 engine_;
};

}  // namespace decodemeter::test
