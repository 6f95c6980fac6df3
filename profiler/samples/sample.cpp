#include "profiler/samples/sample.hpp"

#include <utility>

namespace decodemeter {

namespace {

// SplitMix64: the standard library's distributions differ from one to the next.
class SplitMix64 {
public:
    explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return mixed ^ mixed >> 31;
    }

    // Uniform in [0, bound); what does not divide evenly is drawn again.
    std::uint64_t below(std::uint64_t bound) {
        const std::uint64_t uneven = -bound % bound;
        std::uint64_t drawn = next();
        while (drawn < uneven) drawn = next();
        return drawn % bound;
    }

private:
    std::uint64_t state_;
};

}  // namespace

std::vector<Sample> choose_samples(std::vector<Sample> samples, std::size_t count,
                                   std::uint64_t seed) {
    SplitMix64 random(seed);
    for (std::size_t i = 0; i < samples.size() && i < count; ++i) {
        std::swap(samples[i], samples[i + random.below(samples.size() - i)]);
    }
    if (count < samples.size()) samples.resize(count);
    return samples;
}

}  // namespace decodemeter
