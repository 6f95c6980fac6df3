#include "profiler/profile/plan/remaining_run.hpp"

#include <algorithm>
#include <numeric>

namespace decodemeter {

namespace {

// Adds the record of a job that is there.
void count_stored(RemainingRun& rest, std::size_t configuration, const StoredRecord& record,
                  const ProfileOptions& options) {
    ++rest.already_there;
    if (options.subtraction && !record.subtraction) ++rest.without_subtraction;
    if (options.keep_text && !record.text) ++rest.without_text;
    if (record.step_mean_ms) rest.goal.add(configuration, *record.step_mean_ms);
    rest.seconds_a_record[configuration] += record.seconds;
}

const StoredRecord* stored_record(const StoredRecords& stored, const ProfilePlan& plan,
                                  const Job& job) {
    const Sample& sample = plan.samples[job.sample];
    const ConfigKey& config = plan.configurations[job.config].key;
    const int number = repeat_number(stored, sample, config, job.repeat);
    return stored.find(record_key(sample.dataset, sample.sample_id, config, number));
}

}  // namespace

std::int64_t RemainingRun::left_in_all() const {
    return std::accumulate(left.begin(), left.end(), std::int64_t{0});
}

int repeat_number(const StoredRecords& stored, const Sample& sample, const ConfigKey& config,
                  int nth) {
    for (int number = 0;; ++number) {
        const StoredRecord* record =
            stored.find(record_key(sample.dataset, sample.sample_id, config, number));
        if (record && record->tracing_pass) continue;
        if (nth-- == 0) return number;
    }
}

RemainingRun remaining_run(const ProfilePlan& plan, const StoredRecords& stored) {
    const auto& [samples, configurations, options] = plan;
    RemainingRun rest{make_rounds(samples.size(), configurations.size(), options.repeats,
                                  options.seed, options.shard),
                      PrecisionGoal(configurations.size(), options.until_ci),
                      std::vector<std::int64_t>(configurations.size()),
                      std::vector<double>(configurations.size())};
    std::vector<std::int64_t> there(configurations.size());
    for (const Round& round : rest.rounds) {
        for (const Job& job : round) {
            const StoredRecord* record = stored_record(stored, plan, job);
            ++rest.planned;
            ++(record ? there : rest.left)[job.config];
            if (record) count_stored(rest, job.config, *record, options);
        }
    }
    for (std::size_t i = 0; i < configurations.size(); ++i) {
        if (there[i] > 0) rest.seconds_a_record[i] /= static_cast<double>(there[i]);
        if (rest.goal.reached(i)) rest.left[i] = 0;
    }
    return rest;
}

std::int64_t tracing_passes_left(const ProfilePlan& plan, int samples_per_configuration,
                                 const StoredRecords& stored) {
    const std::size_t traced =
        std::min(plan.samples.size(), static_cast<std::size_t>(samples_per_configuration));
    std::int64_t left = 0;
    for (std::size_t i = 0; i < traced; ++i) {
        const Sample& sample = plan.samples[i];
        for (const Configuration& configuration : plan.configurations)
            left += !stored.has_tracing_pass(sample.dataset, sample.sample_id, configuration.key);
    }
    return left;
}

}  // namespace decodemeter
