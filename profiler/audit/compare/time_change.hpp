// The change of one time from A's runs to B's over matched requests.
#pragma once

#include <span>
#include <vector>

#include "profiler/audit/compare/matched_requests.hpp"
#include "profiler/audit/compare/run_comparison.hpp"

namespace decodemeter {

// One time of matched requests. `times[request][run]` in milliseconds, A's runs first.
struct MatchedTimes {
    std::vector<std::vector<double>> times;
    std::vector<double> weights;  // steps that a time is the mean of
    std::size_t runs_a = 1;

    std::size_t runs() const noexcept { return times.empty() ? 0 : times.front().size(); }
};
MatchedTimes step_times(std::span<const MatchedRequest* const> requests, std::size_t runs_a);
// Of requests with a prefill in all runs.
MatchedTimes prefill_times(std::span<const MatchedRequest* const> requests, std::size_t runs_a);

// Each run's level: the median over requests of log(time / the request's geometric mean).
RunLevels median_levels(const MatchedTimes& times);
// Each run's log of the mean over all steps.
RunLevels mean_levels(const MatchedTimes& times);

// The spread of runs for `levels`: the stated one, the observed one where it is larger, or unknown.
RunSpread spread_of(std::span<const RunLevels> groups, double free_groups,
                    const ComparisonOptions& options);

TimeChange time_change(const MatchedTimes& times, const ComparisonOptions& options);

// Standard error of the median change that comes from the requests: 0 where repeated runs show it,
// infinite where there are too few requests.
double error_of_median(const TimeChange& change, const ComparisonOptions& options);

}  // namespace decodemeter
