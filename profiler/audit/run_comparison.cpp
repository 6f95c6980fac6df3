#include "profiler/audit/run_comparison.hpp"

#include <map>
#include <string_view>
#include <unordered_map>

#include "profiler/error/error.hpp"
#include "profiler/statistics/summary.hpp"

namespace decodemeter {

namespace {

constexpr std::size_t least_pairs = 6;  // for an interval of 95 %

using Records = std::vector<const SampleRecord*>;

// A time of a record; 0 where it has none.
using TimeOf = double (*)(const SampleRecord&);

double step_of(const SampleRecord& record) { return decode_per_step_mean_ms(record).value_or(0); }
double prefill_of(const SampleRecord& record) { return record.T_LLM_prefill; }

std::map<ConfigKey, Records> by_config(const RecordSet& set) {
    std::map<ConfigKey, Records> configs;
    for (const SampleRecord& record : set.records) configs[record.config].push_back(&record);
    return configs;
}

// Times above 0, in pairs where the records are.
struct Times {
    std::vector<double> a, b;

    void add(double time_a, double time_b) {
        if (!(time_a > 0 && time_b > 0)) return;
        a.push_back(time_a);
        b.push_back(time_b);
    }
};

// The published format counts samples in each file, so that a key may name two different samples.
bool same_sample(const SampleRecord& a, const SampleRecord& b) {
    return a.prompt_tokens == b.prompt_tokens;
}

Times pairs_of(const Records& a, const Records& b, TimeOf time_of) {
    std::unordered_map<std::string_view, const SampleRecord*> in_b;
    for (const SampleRecord* record : b) in_b.emplace(record->key, record);
    Times times;
    for (const SampleRecord* record : a) {
        const auto found = in_b.find(record->key);
        if (found != in_b.end() && same_sample(*record, *found->second))
            times.add(time_of(*record), time_of(*found->second));
    }
    return times;
}

std::vector<double> all_times(const Records& records, TimeOf time_of) {
    std::vector<double> times;
    for (const SampleRecord* record : records) {
        if (time_of(*record) > 0) times.push_back(time_of(*record));
    }
    return times;
}

TimeComparison compare_times(const Records& a, const Records& b, TimeOf time_of,
                             double same_within) {
    const Times pairs = pairs_of(a, b, time_of);
    if (pairs.a.size() >= least_pairs)
        return {median(pairs.a), median(pairs.b), compare_paired(pairs.a, pairs.b, same_within)};
    const std::vector<double> all_a = all_times(a, time_of), all_b = all_times(b, time_of);
    return {median(all_a), median(all_b), compare_unpaired(all_a, all_b, same_within)};
}

TimeComparison compare_all_pairs(const RecordSet& a, const RecordSet& b, double same_within) {
    Records from, to;
    for (const SampleRecord& record : a.records) from.push_back(&record);
    for (const SampleRecord& record : b.records) to.push_back(&record);
    const Times pairs = pairs_of(from, to, step_of);
    return {median(pairs.a), median(pairs.b), compare_paired(pairs.a, pairs.b, same_within)};
}

void add_only_in(const std::map<ConfigKey, Records>& one, const std::map<ConfigKey, Records>& other,
                 const std::string& name, std::vector<std::string>& found) {
    for (const auto& [config, records] : one) {
        if (!other.contains(config)) found.push_back(to_string(config) + " (only in " + name + ")");
    }
}

}  // namespace

RunComparison compare_runs(const RecordSet& a, const RecordSet& b, double same_within) {
    RunComparison comparison;
    comparison.same_within = same_within;
    const auto in_a = by_config(a), in_b = by_config(b);
    for (const auto& [config, records] : in_a) {
        const auto found = in_b.find(config);
        if (found == in_b.end()) continue;
        comparison.configs.push_back(
            {config, compare_times(records, found->second, step_of, same_within),
             compare_times(records, found->second, prefill_of, same_within)});
    }
    if (comparison.configs.empty())
        throw InputError(
            "the two runs have no configuration (tier, top_k, blocks) in common; nothing to "
            "compare");
    add_only_in(in_a, in_b, "A", comparison.only_in_one);
    add_only_in(in_b, in_a, "B", comparison.only_in_one);
    comparison.step = compare_all_pairs(a, b, same_within);
    if (a.run && b.run) comparison.differences = run_differences(*b.run, *a.run);
    return comparison;
}

}  // namespace decodemeter
