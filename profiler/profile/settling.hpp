// When a machine has settled. Pure, but for the clock that the caller reads.
#pragma once

#include <vector>

#include "profiler/record/run_header.hpp"

namespace decodemeter {

struct SettlingRule {
    int window = 3;                // runs
    double agreement_percent = 2;  // between the medians of the last two windows
    int most_runs = 20;
    double longest_ms = 20'000;
};

// Takes one run's time after another.
class Settling {
public:
    explicit Settling(SettlingRule rule = {}) : rule_(rule) {}

    void add(double run_ms);
    bool done() const noexcept {
        return result_.agreed || result_.runs >= rule_.most_runs || elapsed_ms_ >= rule_.longest_ms;
    }
    const WarmUp& result() const noexcept { return result_; }

private:
    SettlingRule rule_;
    std::vector<double> runs_ms_;
    double elapsed_ms_ = 0;
    WarmUp result_;
};

}  // namespace decodemeter
