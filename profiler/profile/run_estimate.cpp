#include "profiler/profile/run_estimate.hpp"

#include "profiler/profile/reference_run.hpp"
#include "profiler/system/error.hpp"

namespace decodemeter {

namespace {

void add(RunEstimate& estimate, ConfigurationEstimate one, double seconds_a_record) {
    one.seconds = static_cast<double>(one.records) * seconds_a_record;
    estimate.seconds += one.seconds;
    estimate.configurations.push_back(one);
}

double mean_steps(const std::vector<Sample>& samples, const ProfileOptions& options) {
    double steps = 0;
    for (const Sample& sample : samples) {
        steps += tokens_to_return(options.lengths, sample.dataset, sample.sample_id, sample.task,
                                  options.seed, options.max_new_tokens) -
                 1;
    }
    return steps / static_cast<double>(samples.size());
}

}  // namespace

std::optional<RunEstimate> estimate_from_records(const std::vector<Configuration>& configurations,
                                                 const RunPlan& plan) {
    RunEstimate estimate;
    for (std::size_t i = 0; i < configurations.size(); ++i) {
        if (plan.left[i] == 0) continue;
        if (plan.seconds_a_record[i] <= 0) return std::nullopt;
        add(estimate, {configurations[i].key, std::nullopt, std::nullopt, plan.left[i], 0},
            plan.seconds_a_record[i]);
    }
    return estimate;
}

RunEstimate estimate_run(molmo::Molmo& model, const std::vector<Sample>& samples,
                         const std::vector<Configuration>& configurations,
                         const ProfileOptions& options, const RunPlan& plan,
                         Instruments& instruments) {
    RunEstimate estimate;
    const double steps = mean_steps(samples, options);
    for (std::size_t i = 0; i < configurations.size(); ++i) {
        if (plan.left[i] == 0) continue;
        const auto reference = choose_reference(samples, {configurations[i]}, options);
        if (!reference) throw InputError("no sample has an image that can be read");
        const SampleRecord record =
            measure(model, reference->request, instruments.timeline(), instruments.observers());
        const double prefill_ms = record.T_preprocess + record.decode_start_ms;
        const double step_ms = decode_per_step_mean_ms(record).value_or(0);
        // Subtraction runs vision, then vision and prefill, then everything once more.
        const double prefills = options.subtraction ? 3 + record.T_vision_total / prefill_ms : 1;
        const double decodes = options.subtraction ? 2 : 1;
        add(estimate, {configurations[i].key, prefill_ms, step_ms, plan.left[i], 0},
            (prefills * prefill_ms + decodes * steps * step_ms) / 1000);
    }
    return estimate;
}

}  // namespace decodemeter
