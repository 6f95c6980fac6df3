// Do the 95 % intervals hold the truth in 95 % of the runs? 1,000 synthetic runs of each case.
// Prints one JSON line for each.
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include "profiler/statistics/comparison.hpp"
#include "profiler/statistics/median_interval.hpp"
#include "profiler/timing/overhead.hpp"
#include "tests/statistics/synthetic.hpp"

using namespace decodemeter;
using test::Draws;

namespace {

constexpr int runs = 1000;

void report(const char* what, const char* distribution, int samples,
            const std::function<bool(std::uint64_t)>& holds) {
    int held = 0;
    for (int run = 0; run < runs; ++run) held += holds(static_cast<std::uint64_t>(run));
    std::printf(
        "{\"interval\":\"%s\",\"distribution\":\"%s\",\"samples\":%d,\"runs\":%d,\"coverage_"
        "percent\":%.1f}\n",
        what, distribution, samples, runs, 100.0 * held / runs);
}

std::vector<double> draw(int count, std::uint64_t seed, const std::function<double(Draws&)>& one) {
    Draws draws(seed);
    std::vector<double> values;
    for (int i = 0; i < count; ++i) values.push_back(one(draws));
    return values;
}

bool holds(const MedianInterval& interval, double truth) {
    return interval.lower <= truth && truth <= interval.upper;
}

void of_median(const char* name, double truth, const std::function<double(Draws&)>& one) {
    for (const int samples : {10, 30, 200}) {
        report("median of a configuration's steps", name, samples, [&](std::uint64_t seed) {
            return holds(median_interval(draw(samples, seed * 31 + 7, one)), truth);
        });
    }
}

double log_normal_step(Draws& draws) { return 10 * std::exp(0.03 * draws.normal()); }
double hiccuping_step(Draws& draws) {
    return 10 * std::exp(0.01 * draws.normal()) +
           (draws.uniform() < 0.02 ? 50 * draws.uniform() : 0);
}

}  // namespace

int main() {
    of_median("normal, 3 %", 10, [](Draws& d) { return 10 * (1 + 0.03 * d.normal()); });
    of_median("log-normal, 3 %", 10, log_normal_step);
    of_median("Cauchy, 1 %", 10, [](Draws& d) { return 10 + 0.1 * d.cauchy(); });
    report("change of a run, paired", "log-normal, 3 %, with 2 % of hiccups", 100,
           [](std::uint64_t seed) {
               Draws draws(seed + 5000);
               std::vector<double> a;
               std::vector<double> b;
               for (int i = 0; i < 100; ++i) {
                   const double sample = log_normal_step(draws);
                   a.push_back(sample * hiccuping_step(draws));
                   b.push_back(0.97 * sample * hiccuping_step(draws));
               }
               return holds(compare_paired(a, b).log_ratio, std::log(0.97));
           });
    report("change of a run, unpaired", "log-normal, 3 %", 100, [](std::uint64_t seed) {
        const std::vector<double> a = draw(100, 2 * seed, log_normal_step);
        std::vector<double> b = draw(100, 2 * seed + 1, log_normal_step);
        for (double& value : b) value *= 0.97;
        return holds(compare_unpaired(a, b).log_ratio, std::log(0.97));
    });
    report("overhead in ABBA blocks", "log-normal, 1 %, with drift", 25, [](std::uint64_t seed) {
        Draws draws(seed + 9000);
        double slowness = 1;
        const Overhead overhead = measure_overhead(25, seed, [&](bool instrumented) {
            slowness *= 1.00002;
            return Milliseconds(20 * slowness * (instrumented ? 1.005 : 1) *
                                std::exp(0.01 * draws.normal()));
        });
        return overhead.lower_percent <= 0.5 && 0.5 <= overhead.upper_percent;
    });
}
