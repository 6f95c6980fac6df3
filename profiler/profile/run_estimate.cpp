#include "profiler/profile/run_estimate.hpp"

#include "profiler/error/error.hpp"
#include "profiler/profile/reference_run.hpp"

namespace decodemeter {

RunEstimate estimate_run(molmo::Molmo& model, const std::vector<Sample>& samples,
                         const std::vector<Configuration>& configurations,
                         const ProfileOptions& options, Instruments& instruments) {
    RunEstimate estimate;
    double steps = 0;
    for (const Sample& sample : samples) {
        steps += tokens_to_return(options.lengths, sample.dataset, sample.sample_id, sample.task,
                                  options.seed, options.max_new_tokens) -
                 1;
    }
    const auto rounds = static_cast<double>(samples.size()) * options.repeats / options.shard.count;
    for (const Configuration& configuration : configurations) {
        const auto reference = choose_reference(samples, {configuration}, options);
        if (!reference) throw InputError("no sample has an image that can be read");
        const SampleRecord record =
            measure(model, reference->request, instruments.timeline(), instruments.observers());
        ConfigurationEstimate one{configuration.key, record.T_preprocess + record.decode_start_ms,
                                  decode_per_step_mean_ms(record).value_or(0), 0};
        // Subtraction runs vision, then vision and prefill, then everything once more.
        const double prefills =
            options.subtraction ? 3 + record.T_vision_total / one.prefill_ms : 1;
        const double decodes = options.subtraction ? 2 : 1;
        const double steps_of_a_sample = steps / static_cast<double>(samples.size());
        one.seconds =
            rounds * (prefills * one.prefill_ms + decodes * steps_of_a_sample * one.step_ms) / 1000;
        estimate.seconds += one.seconds;
        estimate.configurations.push_back(one);
    }
    estimate.records =
        static_cast<std::int64_t>(rounds * static_cast<double>(configurations.size()));
    return estimate;
}

}  // namespace decodemeter
