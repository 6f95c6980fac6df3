#include "profiler/profile/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "profiler/error/error.hpp"
#include "profiler/profile/measure.hpp"
#include "profiler/profile/schedule.hpp"
#include "profiler/statistics/median_interval.hpp"

namespace decodemeter {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t examples_kept = 5;

// Step means of each configuration, until their medians are known as well as was asked.
class PrecisionGoal {
public:
    PrecisionGoal(std::size_t configurations, std::optional<double> half_width)
        : means_(configurations), goal_(half_width) {}

    void add(std::size_t configuration, const SampleRecord& record) {
        if (const auto mean = decode_per_step_mean_ms(record))
            means_[configuration].push_back(*mean);
    }

    bool reached(std::size_t configuration) const {
        constexpr std::size_t fewest = 6;  // with fewer the interval does not reach its 95 %
        if (!goal_ || means_[configuration].size() < fewest) return false;
        return relative_half_width(median_interval(means_[configuration])) <= *goal_;
    }

    bool all_reached() const {
        for (std::size_t i = 0; i < means_.size(); ++i) {
            if (!reached(i)) return false;
        }
        return goal_.has_value();
    }

private:
    std::vector<std::vector<double>> means_;
    std::optional<double> goal_;
};

// Stops between rounds, so that the configurations stay balanced: before a round that would
// probably outlast the budget. Within the first round, when even that does not fit.
class TimeBudget {
public:
    explicit TimeBudget(std::optional<std::chrono::duration<double>> budget)
        : budget_(budget), start_(Clock::now()) {}

    void round_done() {
        const auto now = Clock::now();
        longest_round_ = std::max(longest_round_, now - round_start_);
        first_round_ = false;
    }
    bool round_fits() {
        round_start_ = Clock::now();
        return !budget_ || first_round_ || round_start_ - start_ + longest_round_ <= *budget_;
    }
    bool sample_fits() const {
        return !budget_ || !first_round_ || Clock::now() - start_ <= *budget_;
    }

private:
    std::optional<std::chrono::duration<double>> budget_;
    Clock::time_point start_;
    Clock::time_point round_start_;
    Clock::duration longest_round_{};
    bool first_round_ = true;
};

class ProfileRun {
public:
    ProfileRun(molmo::Molmo& model, const std::vector<Sample>& samples,
               const std::vector<Configuration>& configurations, const ProfileOptions& options,
               Instruments& instruments, RecordStore& store, const ProfileHooks& hooks)
        : model_(model),
          samples_(samples),
          configurations_(configurations),
          options_(options),
          instruments_(instruments),
          store_(store),
          hooks_(hooks),
          goal_(configurations.size(), options.until_ci),
          budget_(options.time_budget) {}

    ProfileReport run() {
        const auto rounds = make_rounds(samples_.size(), configurations_.size(), options_.repeats,
                                        options_.seed, options_.shard);
        report_.planned = static_cast<std::int64_t>(rounds.size() * configurations_.size());
        for (const Round& round : rounds) {
            if (goal_.all_reached())
                report_.stopped = "every configuration's step is known as well as --until_ci asks";
            else if (!budget_.round_fits()) report_.stopped = "the time budget is spent";
            if (!report_.stopped.empty()) break;
            measure_round(round);
            if (!report_.stopped.empty()) break;
            budget_.round_done();
        }
        store_.sync();
        return std::move(report_);
    }

private:
    // Rounds hold one sample, so its image is read once for all configurations.
    void measure_round(const Round& round) {
        std::optional<molmo::Image> image;
        for (const Job& job : round) {
            const Sample& sample = samples_[job.sample];
            if (store_.contains(key_of(job))) {
                ++report_.already_there;
                continue;
            }
            if (goal_.reached(job.config)) continue;
            if (hooks_.stop_requested && hooks_.stop_requested->load()) {
                report_.stopped = "interrupted";
                return;
            }
            if (!budget_.sample_fits()) {
                report_.stopped =
                    "the time budget is spent before one round over all configurations was done";
                return;
            }
            try {
                if (!image && !sample.image.empty()) image = molmo::read_image(sample.image);
                measure_job(job, image);
            } catch (const InputError& error) {
                return skip(job.sample, error.what());
            }
        }
    }

    void measure_job(const Job& job, const std::optional<molmo::Image>& image) {
        const MeasureRequest request =
            make_request(samples_[job.sample], image ? &*image : nullptr,
                         configurations_[job.config], options_, job.repeat);
        instruments_.begin_sample();
        SampleRecord record =
            measure(model_, request, instruments_.timeline(), instruments_.observers());
        instruments_.end_sample(record);
        store_.append(record);
        goal_.add(job.config, record);
        ++report_.measured;
        if (hooks_.on_record)
            hooks_.on_record(record, report_.measured + report_.already_there, report_.planned);
    }

    // A sample is counted once, however many repeats meet it.
    void skip(std::size_t place, const std::string& reason) {
        if (!skipped_.insert(place).second) return;
        const Sample& sample = samples_[place];
        ++report_.skipped_samples[std::filesystem::exists(sample.image) ? "image unusable"
                                                                        : "image missing"];
        if (report_.skipped_examples.size() < examples_kept) {
            report_.skipped_examples.push_back(
                fmt::format("{}/{}: {}", sample.dataset, sample.sample_id, reason));
        }
    }

    std::string key_of(const Job& job) const {
        const Sample& sample = samples_[job.sample];
        return record_key(sample.dataset, sample.sample_id, configurations_[job.config].key,
                          job.repeat);
    }

    molmo::Molmo& model_;
    const std::vector<Sample>& samples_;
    const std::vector<Configuration>& configurations_;
    const ProfileOptions& options_;
    Instruments& instruments_;
    RecordStore& store_;
    const ProfileHooks& hooks_;
    PrecisionGoal goal_;
    TimeBudget budget_;
    std::set<std::size_t> skipped_;
    ProfileReport report_;
};

}  // namespace

MeasureRequest make_request(const Sample& sample, const molmo::Image* image,
                            const Configuration& configuration, const ProfileOptions& options,
                            int repeat) {
    MeasureRequest request;
    request.sample = &sample;
    request.image = image;
    request.config = configuration.key;
    request.active_blocks = configuration.active_blocks;
    request.repeat = repeat;
    request.max_crops = options.max_crops;
    request.tokens = tokens_to_return(options.lengths, sample.dataset, sample.sample_id,
                                      sample.task, options.seed, options.max_new_tokens);
    request.stop_at_eos = options.lengths.rule == OutputLengths::Rule::natural;
    request.subtraction = options.subtraction;
    request.keep_text = options.keep_text;
    return request;
}

ProfileReport run_profile(molmo::Molmo& model, const std::vector<Sample>& samples,
                          const std::vector<Configuration>& configurations,
                          const ProfileOptions& options, Instruments& instruments,
                          RecordStore& store, const ProfileHooks& hooks) {
    return ProfileRun(model, samples, configurations, options, instruments, store, hooks).run();
}

}  // namespace decodemeter
