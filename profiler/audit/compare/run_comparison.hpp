// Two versions of the same thing, each measured by one or several runs: did the change help?
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/audit/compare/run_facts.hpp"
#include "profiler/record/store/record_reader.hpp"
#include "profiler/statistics/repeated_runs.hpp"

namespace decodemeter {

enum class RunVerdict { same, faster, slower, mixed, undecided };
// "SAME", "FASTER", "SLOWER", "MIXED", "UNDECIDED"
std::string_view to_string(RunVerdict verdict) noexcept;

// B beside A over the requests that all runs have, at equal positions. Changes are logarithms of
// B / A.
struct TimeChange {
    std::int64_t requests = 0;
    double a_ms = 0;  // medians over the requests; NaN for none
    double b_ms = 0;
    double mean_a_ms = 0;  // means over all steps
    double mean_b_ms = 0;
    MedianInterval within;  // median over requests; what differs between runs is in no interval
    MedianInterval median;  // the same change, run-to-run variation included; confidence 0: unknown
    MedianInterval mean;    // of the means, likewise
    RunVerdict verdict = RunVerdict::undecided;
};

struct ConfigComparison {
    ConfigKey config;
    TimeChange step;
    TimeChange prefill;
    // Of the step's change from that of all configurations; adjusted to their number.
    MedianInterval departure;
    bool disagrees = false;  // the departure is certain and leads to another verdict
};

struct ComparisonOptions {
    double same_within = 0.01;
    // Relative standard deviation of an unchanged run's level. Without it and with one run on each
    // side, nothing can be decided.
    std::optional<double> run_level;
};

struct RunComparison {
    RunVerdict verdict = RunVerdict::undecided;
    std::string reason;  // of MIXED and UNDECIDED
    std::size_t runs_a = 1;
    std::size_t runs_b = 1;
    RunSpread spread;  // of the runs' levels
    ComparisonOptions options;
    std::vector<FactDifference> differences;  // of the run headers
    std::vector<std::string> prompts;         // what differs in prompts and answers, in words
    std::vector<std::string> only_in_one;     // "high_8_16 (only in A)"
    TimeChange step;                          // of all configurations together
    std::vector<ConfigComparison> configs;    // those in all runs
};

// Throws InputError when a side's runs are not repetitions of one run, when no configuration is in
// both, and when no request is in all runs, saying which.
RunComparison compare_runs(std::span<const RecordSet> a, std::span<const RecordSet> b,
                           const ComparisonOptions& options = {});

std::string comparison_text(const RunComparison& comparison, int width = 0);
std::string comparison_json(const RunComparison& comparison);

}  // namespace decodemeter
