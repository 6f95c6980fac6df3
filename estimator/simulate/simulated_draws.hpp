// The random draws of a simulation.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>

namespace decodemeter {

// Requests and noise come from one stream, events (SimulatedEffects' mixtures, the run's level)
// from another, so that effects do not change the requests. A repetition above 0 takes its noise
// from a third one and holds the same requests; the first is drawn from too, which keeps it in
// step.
class SimulatedDraws {
public:
    explicit SimulatedDraws(std::uint64_t seed, int repetition = 0)
        : requests_(seed), events_(stream(seed, repetition, 1)) {
        if (repetition > 0) noise_ = stream(seed, repetition, 2);
    }

    std::mt19937_64& requests() noexcept { return requests_; }

    double request_uniform() { return uniform(requests_); }
    int request_integer(int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(requests_);
    }

    // exp(deviation * normal): of the thing that is measured, the same in every repetition. Drawn
    // even when the deviation is 0, so that two simulations with one seed differ in nothing else.
    double request_factor(double deviation) { return std::exp(deviation * normal(requests_)); }
    // The same, of one measurement.
    double noise_factor(double deviation) {
        double drawn = normal(requests_);
        if (noise_) drawn = normal(*noise_);
        return std::exp(deviation * drawn);
    }
    double noise_uniform() {
        const double drawn = uniform(requests_);
        return noise_ ? uniform(*noise_) : drawn;
    }
    bool event_happens(double probability) { return event_uniform() < probability; }
    double event_uniform() { return uniform(events_); }
    double event_factor(double deviation) { return std::exp(deviation * normal(events_)); }

private:
    static std::mt19937_64 stream(std::uint64_t seed, int repetition, int purpose) {
        std::seed_seq mixed{seed, seed >> 32, static_cast<std::uint64_t>(repetition),
                            static_cast<std::uint64_t>(purpose)};
        return std::mt19937_64(mixed);
    }
    static double uniform(std::mt19937_64& random) {
        return std::uniform_real_distribution<double>(0, 1)(random);
    }
    static double normal(std::mt19937_64& random) {
        return std::normal_distribution<double>(0, 1)(random);
    }

    std::mt19937_64 requests_;
    std::mt19937_64 events_;
    std::optional<std::mt19937_64> noise_;
};

}  // namespace decodemeter
