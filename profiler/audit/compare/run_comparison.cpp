#include "profiler/audit/compare/run_comparison.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "profiler/audit/compare/matched_requests.hpp"
#include "profiler/audit/compare/time_change.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

// Of a false MIXED, over all configurations together.
constexpr double departure_risk = 0.02;

using Requests = std::vector<const MatchedRequest*>;

void require_repetitions(std::span<const RecordSet> side, const char* name) {
    for (const RecordSet& set : side) {
        for (const FactDifference& difference : differing_facts(side.front().run, set.run))
            throw InputError(fmt::format(
                "the runs of {} are not repetitions of one run: {} is {} in one and {} in another",
                name, difference.name, difference.a, difference.b));
    }
}

std::set<ConfigKey> configs_of(std::span<const RecordSet> side) {
    std::set<ConfigKey> configs;
    for (const RecordSet& set : side) {
        for (const SampleRecord& record : set.records) configs.insert(record.config);
    }
    return configs;
}

void add_only_in(const std::set<ConfigKey>& one, const std::set<ConfigKey>& other, const char* name,
                 std::vector<std::string>& found) {
    for (const ConfigKey& config : one) {
        if (!other.contains(config))
            found.push_back(fmt::format("{} (only in {})", to_string(config), name));
    }
}

std::vector<std::string> only_in_one(std::span<const RecordSet> a, std::span<const RecordSet> b) {
    const std::set<ConfigKey> in_a = configs_of(a);
    const std::set<ConfigKey> in_b = configs_of(b);
    std::vector<std::string> found;
    add_only_in(in_a, in_b, "A", found);
    add_only_in(in_b, in_a, "B", found);
    if (found.size() == in_a.size() + in_b.size())
        throw InputError(
            "the runs have no configuration (tier, top_k, blocks) in common; profile both with "
            "the same knobs");
    return found;
}

std::vector<std::string> prompts_in_words(const RequestMatching& matching) {
    std::vector<std::string> words;
    if (matching.other_prompts > 0)
        words.push_back(
            fmt::format("the prompts differ: {} requests have the same key and another picture or "
                        "prompt; not compared",
                        matching.other_prompts));
    if (matching.other_lengths > 0)
        words.push_back(fmt::format(
            "the answers differ in length: {} requests; compared over the steps that all runs have",
            matching.other_lengths));
    if (matching.not_in_all > 0)
        words.push_back(
            fmt::format("{} requests are not in all runs; not compared", matching.not_in_all));
    if (matching.no_steps > 0)
        words.push_back(fmt::format(
            "{} requests have no decode step, or answers of different lengths without each step's "
            "time; not compared",
            matching.no_steps));
    return words;
}

void require_requests(const RequestMatching& matching) {
    if (!matching.requests.empty()) return;
    std::string why;
    for (const std::string& words : prompts_in_words(matching)) why += "; " + words;
    throw InputError(
        "no request can be compared at equal positions" + why +
        ". Profile both with the same samples, and keep T_decode_per_step or equal lengths");
}

std::map<ConfigKey, Requests> by_config(const RequestMatching& matching) {
    std::map<ConfigKey, Requests> configs;
    for (const MatchedRequest& request : matching.requests)
        configs[request.config].push_back(&request);
    return configs;
}

RunLevels less(RunLevels levels, const RunLevels& common) {
    for (std::size_t i = 0; i < levels.a.size(); ++i) levels.a[i] -= common.a[i];
    for (std::size_t i = 0; i < levels.b.size(); ++i) levels.b[i] -= common.b[i];
    return levels;
}

bool certain(const MedianInterval& interval) {
    return interval.confidence > 0 && (interval.lower > 0 || interval.upper < 0);
}

// Whether a configuration's change differs in kind from that of all, not only in size.
bool contradicts(double change, RunVerdict overall, double same_within) {
    const double least = std::log1p(same_within);
    if (overall == RunVerdict::slower) return change < least;
    if (overall == RunVerdict::faster) return change > -least;
    return true;
}

// Sets each configuration's departure from the change of all.
void find_departures(RunComparison& comparison, const std::vector<RunLevels>& configs,
                     const RunLevels& all) {
    const auto count = static_cast<double>(configs.size());
    if (configs.size() < 2) return;
    std::vector<RunLevels> departures;
    for (const RunLevels& levels : configs) departures.push_back(less(levels, all));
    const ComparisonOptions& options = comparison.options;
    const RunSpread spread = spread_of(departures, count - 1, options);
    for (std::size_t i = 0; i < configs.size(); ++i) {
        ConfigComparison& config = comparison.configs[i];
        config.departure =
            level_change(departures[i], spread, error_of_median(config.step, options),
                         1 - departure_risk / count);
        config.disagrees =
            certain(config.departure) &&
            std::fabs(config.departure.median) > std::log1p(options.same_within) &&
            contradicts(config.step.median.median, comparison.step.verdict, options.same_within);
    }
}

void compare_configs(RunComparison& comparison, const RequestMatching& matching) {
    Requests all;
    std::vector<RunLevels> levels;
    for (const auto& [config, requests] : by_config(matching)) {
        const MatchedTimes steps = step_times(requests, comparison.runs_a);
        levels.push_back(median_levels(steps));
        comparison.configs.push_back(
            {config,
             time_change(steps, comparison.options),
             time_change(prefill_times(requests, comparison.runs_a), comparison.options),
             {},
             false});
        all.insert(all.end(), requests.begin(), requests.end());
    }
    const MatchedTimes steps = step_times(all, comparison.runs_a);
    comparison.step = time_change(steps, comparison.options);
    const RunLevels all_levels = median_levels(steps);
    comparison.spread = spread_of(std::span(&all_levels, 1), 1, comparison.options);
    find_departures(comparison, levels, all_levels);
}

std::string disagreeing(const RunComparison& comparison) {
    std::string names;
    for (const ConfigComparison& config : comparison.configs) {
        if (config.disagrees) names += (names.empty() ? "" : ", ") + to_string(config.config);
    }
    return names;
}

void decide(RunComparison& comparison) {
    const TimeChange& step = comparison.step;
    comparison.verdict = step.verdict;
    if (!comparison.spread.known()) {
        comparison.verdict = RunVerdict::undecided;
        comparison.reason =
            "run-to-run variation is unknown: repeat the runs, or state it "
            "(run_level_percent)";
    } else if (const std::string names = disagreeing(comparison); !names.empty()) {
        comparison.verdict = RunVerdict::mixed;
        comparison.reason = "the configurations disagree: " + names;
    } else if (step.verdict != RunVerdict::slower && step.mean.confidence > 0 &&
               step.mean.lower > 0 &&
               step.mean.median > std::log1p(comparison.options.same_within)) {
        comparison.verdict = RunVerdict::mixed;
        comparison.reason = "the mean step is slower and the median is not: see single slow steps";
    } else if (step.verdict == RunVerdict::undecided) {
        comparison.reason = "the interval, run-to-run variation included, contains no change";
    }
}

std::vector<const RecordSet*> all_runs(std::span<const RecordSet> a, std::span<const RecordSet> b) {
    std::vector<const RecordSet*> runs;
    for (const RecordSet& set : a) runs.push_back(&set);
    for (const RecordSet& set : b) runs.push_back(&set);
    return runs;
}

}  // namespace

std::string_view to_string(RunVerdict verdict) noexcept {
    constexpr std::array<std::string_view, 5> names = {"SAME", "FASTER", "SLOWER", "MIXED",
                                                       "UNDECIDED"};
    return names[static_cast<std::size_t>(verdict)];
}

RunComparison compare_runs(std::span<const RecordSet> a, std::span<const RecordSet> b,
                           const ComparisonOptions& options) {
    RunComparison comparison;
    comparison.runs_a = a.size();
    comparison.runs_b = b.size();
    comparison.options = options;
    require_repetitions(a, "A");
    require_repetitions(b, "B");
    comparison.only_in_one = only_in_one(a, b);
    comparison.differences = differing_facts(a.front().run, b.front().run);
    const RequestMatching matching = match_requests(all_runs(a, b));
    require_requests(matching);
    comparison.prompts = prompts_in_words(matching);
    compare_configs(comparison, matching);
    decide(comparison);
    return comparison;
}

}  // namespace decodemeter
