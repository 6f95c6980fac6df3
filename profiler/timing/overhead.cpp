#include "profiler/timing/overhead.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "profiler/statistics/comparison.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

// log of the ratio of geometric means; NaN where a time is missing.
double log_ratio(const AbbaBlock& block) {
    double sum = 0;
    for (std::size_t i = 0; i < block.times.size(); ++i) {
        const double time = std::log(block.times[i].count());
        sum += block.instrumented[i] ? time : -time;
    }
    return sum / 2;
}

bool whole(const AbbaBlock& block) {
    return std::all_of(block.times.begin(), block.times.end(),
                       [](Milliseconds time) { return time.count() > 0; });
}

}  // namespace

std::vector<AbbaBlock> abba_blocks(int count, std::uint64_t seed) {
    std::vector<AbbaBlock> blocks(static_cast<std::size_t>(std::max(0, count)));
    std::mt19937_64 random(seed);
    const bool first = random() % 2 == 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const bool outer = (i % 2 == 0) == first;
        blocks[i].instrumented = {outer, !outer, !outer, outer};
    }
    std::shuffle(blocks.begin(), blocks.end(), random);
    return blocks;
}

Overhead estimate_overhead(std::span<const AbbaBlock> blocks) {
    std::vector<double> ratios;
    std::vector<double> plain;
    std::int64_t below = 0;
    std::int64_t above = 0;
    for (const AbbaBlock& block : blocks) {
        if (!whole(block)) continue;
        ratios.push_back(log_ratio(block));
        below += ratios.back() < 0;
        above += ratios.back() > 0;
        for (std::size_t i = 0; i < block.times.size(); ++i) {
            if (!block.instrumented[i]) plain.push_back(block.times[i].count());
        }
    }
    const MedianInterval interval = median_interval(ratios);
    return {percent_of_log_ratio(interval.median),
            percent_of_log_ratio(interval.lower),
            percent_of_log_ratio(interval.upper),
            interval.confidence,
            sign_test_p(below, above),
            median(plain),
            ratios.size()};
}

Overhead measure_overhead(int blocks, std::uint64_t seed,
                          const std::function<Milliseconds(bool instrumented)>& run) {
    std::vector<AbbaBlock> measured = abba_blocks(blocks, seed);
    for (AbbaBlock& block : measured) {
        for (std::size_t i = 0; i < block.times.size(); ++i)
            block.times[i] = run(block.instrumented[i]);
    }
    return estimate_overhead(measured);
}

std::string overhead_json(const Overhead& overhead) {
    const auto number = [](double value) {
        return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null";
    };
    return fmt::format(
        R"({{"percent":{},"interval_percent":[{},{}],"confidence":{},"p":{},"run_ms":{},"added_us":{},"blocks":{}}})",
        number(overhead.percent), number(overhead.lower_percent), number(overhead.upper_percent),
        number(overhead.confidence), number(overhead.p), number(overhead.run_ms),
        number(overhead.microseconds()), overhead.blocks);
}

}  // namespace decodemeter
