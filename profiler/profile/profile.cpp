#include "profiler/profile/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "profiler/samples/request_digest.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t examples_kept = 3;  // of each reason

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
    ProfileRun(const ProfileSession& session, RecordStore& store, RemainingRun rest,
               const ProfileHooks& hooks)
        : session_(session),
          store_(store),
          rest_(std::move(rest)),
          hooks_(hooks),
          budget_(session.plan.options.time_budget) {
        report_.planned = rest_.planned;
        report_.already_there = rest_.already_there;
    }

    ProfileReport run() {
        for (const Round& round : rest_.rounds) {
            if (rest_.goal.all_reached()) report_.end = RunEnd::precision_reached;
            else if (!budget_.round_fits()) report_.end = RunEnd::budget_spent;
            if (report_.end != RunEnd::all_measured) break;
            measure_round(round);
            if (report_.end != RunEnd::all_measured) break;
            budget_.round_done();
        }
        store_.sync();
        return std::move(report_);
    }

private:
    // Rounds hold one sample, so its image is read once for all configurations.
    void measure_round(const Round& round) {
        std::optional<molmo::Image> image;
        for (std::size_t i = 0; i < round.size(); ++i) {
            const Job& job = round[i];
            const Sample& sample = session_.plan.samples[job.sample];
            const ConfigKey& config = session_.plan.configurations[job.config].key;
            const int repeat = repeat_number(store_.stored(), sample, config, job.repeat);
            if (store_.contains(record_key(sample.dataset, sample.sample_id, config, repeat)))
                continue;
            if (rest_.goal.reached(job.config)) {
                ++report_.not_needed;
                continue;
            }
            if (must_stop()) return;
            try {
                if (!image && !sample.image.empty()) image = molmo::read_image(sample.image);
                measure_job(job, repeat, image);
            } catch (const InputError& error) {
                return skip(job.sample, error.what(), !sample.image.empty() && !image);
            }
        }
    }

    bool must_stop() {
        if (hooks_.stop_requested && hooks_.stop_requested()) report_.end = RunEnd::interrupted;
        else if (!budget_.sample_fits()) report_.end = RunEnd::budget_spent_in_first_round;
        return report_.end != RunEnd::all_measured;
    }

    void measure_job(const Job& job, int repeat, const std::optional<molmo::Image>& image) {
        ProfilePlan& plan = session_.plan;
        Sample& sample = plan.samples[job.sample];
        if (sample.request_digest.empty()) sample.request_digest = request_digest(sample);
        MeasureRequest request =
            make_request(sample, image ? &*image : nullptr, plan.configurations[job.config],
                         plan.options, repeat);
        request.largest = &largest_;
        session_.instruments.begin_sample();
        SampleRecord record = measure(session_.model, request, session_.instruments);
        session_.instruments.end_sample(record);
        add_request_identity(record, sample);
        report_.guard.check(record);
        store_.append(record);
        if (const auto mean = decode_per_step_mean_ms(record)) rest_.goal.add(job.config, *mean);
        ++report_.measured;
        if (hooks_.on_record)
            hooks_.on_record(record, report_.measured + report_.already_there, report_.planned);
    }

    // A sample is counted once, however many repeats meet it.
    void skip(std::size_t place, const std::string& reason, bool unreadable) {
        if (!skipped_.insert(place).second) return;
        const Sample& sample = session_.plan.samples[place];
        std::error_code ignored;
        const char* kind = !unreadable ? "request refused by the model"
                           : std::filesystem::exists(sample.image, ignored) ? "image cannot be read"
                                                                            : "image missing";
        SkippedSamples& skipped = report_.skipped[kind];
        ++skipped.count;
        if (skipped.examples.size() == examples_kept) return;
        // The model does not know what the picture's file is called.
        const std::string file = unreadable || sample.image.empty()
                                     ? std::string()
                                     : sample.image.filename().string() + ": ";
        skipped.examples.push_back(
            fmt::format("{}/{}: {}{}", sample.dataset, sample.sample_id, file, reason));
    }

    ProfileSession session_;
    RecordStore& store_;
    RemainingRun rest_;
    const ProfileHooks& hooks_;
    LargestPrefill largest_;
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
    request.tokens = tokens_to_return(options, sample);
    request.stop_at_eos = options.lengths.rule == OutputLengths::Rule::natural;
    request.subtraction = options.subtraction;
    request.keep_text = options.keep_text;
    return request;
}

void add_request_identity(SampleRecord& record, const Sample& sample) {
    if (!sample.request_digest.empty()) record.request_digest = sample.request_digest;
    if (!sample.manifest_id.empty()) record.manifest_id = sample.manifest_id;
}

ProfileReport run_profile(const ProfileSession& session, RecordStore& store, RemainingRun rest,
                          const ProfileHooks& hooks) {
    return ProfileRun(session, store, std::move(rest), hooks).run();
}

}  // namespace decodemeter
