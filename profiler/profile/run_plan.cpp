#include "profiler/profile/run_plan.hpp"

#include <algorithm>
#include <numeric>

namespace decodemeter {

namespace {

// Adds the record of a job that is there.
void count_stored(RunPlan& plan, std::size_t configuration, const StoredRecord& record,
                  const ProfileOptions& options) {
    ++plan.already_there;
    if (options.subtraction && !record.subtraction) ++plan.without_subtraction;
    if (options.keep_text && !record.text) ++plan.without_text;
    if (record.step_mean_ms) plan.goal.add(configuration, *record.step_mean_ms);
    plan.seconds_a_record[configuration] += record.seconds;
}

}  // namespace

std::int64_t RunPlan::left_in_all() const {
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

RunPlan plan_run(const std::vector<Sample>& samples,
                 const std::vector<Configuration>& configurations, const ProfileOptions& options,
                 const StoredRecords& stored) {
    RunPlan plan{make_rounds(samples.size(), configurations.size(), options.repeats, options.seed,
                             options.shard),
                 PrecisionGoal(configurations.size(), options.until_ci),
                 std::vector<std::int64_t>(configurations.size()),
                 std::vector<double>(configurations.size())};
    std::vector<std::int64_t> there(configurations.size());
    for (const Round& round : plan.rounds) {
        for (const Job& job : round) {
            const Sample& sample = samples[job.sample];
            const ConfigKey& config = configurations[job.config].key;
            const int number = repeat_number(stored, sample, config, job.repeat);
            const StoredRecord* record =
                stored.find(record_key(sample.dataset, sample.sample_id, config, number));
            ++plan.planned;
            ++(record ? there : plan.left)[job.config];
            if (record) count_stored(plan, job.config, *record, options);
        }
    }
    for (std::size_t i = 0; i < configurations.size(); ++i) {
        if (there[i] > 0) plan.seconds_a_record[i] /= static_cast<double>(there[i]);
        if (plan.goal.reached(i)) plan.left[i] = 0;
    }
    return plan;
}

std::int64_t tracing_passes_left(const std::vector<Sample>& samples,
                                 const std::vector<Configuration>& configurations,
                                 int samples_per_configuration, const StoredRecords& stored) {
    const std::size_t traced =
        std::min(samples.size(), static_cast<std::size_t>(samples_per_configuration));
    std::int64_t left = 0;
    for (std::size_t i = 0; i < traced; ++i) {
        for (const Configuration& configuration : configurations) {
            if (!stored.has_tracing_pass(samples[i].dataset, samples[i].sample_id,
                                         configuration.key))
                ++left;
        }
    }
    return left;
}

}  // namespace decodemeter
