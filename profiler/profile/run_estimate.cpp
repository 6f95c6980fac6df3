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

double mean_steps(const ProfilePlan& plan) {
    double steps = 0;
    for (const Sample& sample : plan.samples) steps += tokens_to_return(plan.options, sample) - 1;
    return steps / static_cast<double>(plan.samples.size());
}

// Subtraction runs vision, then vision and prefill, then everything once more.
double record_ms(const SampleRecord& record, double steps, bool subtraction) {
    const double prefill_ms = record.T_preprocess + record.decode_start_ms;
    const double step_ms = decode_per_step_mean_ms(record).value_or(0);
    const double prefills = subtraction ? 3 + record.T_vision_total / prefill_ms : 1;
    const double decodes = subtraction ? 2 : 1;
    return prefills * prefill_ms + decodes * steps * step_ms;
}

}  // namespace

std::optional<RunEstimate> estimate_from_records(const std::vector<Configuration>& configurations,
                                                 const RemainingRun& rest) {
    RunEstimate estimate;
    for (std::size_t i = 0; i < configurations.size(); ++i) {
        if (rest.left[i] == 0) continue;
        if (rest.seconds_a_record[i] <= 0) return std::nullopt;
        add(estimate, {configurations[i].key, std::nullopt, std::nullopt, rest.left[i], 0},
            rest.seconds_a_record[i]);
    }
    return estimate;
}

RunEstimate estimate_run(const ProfileSession& session, const RemainingRun& rest) {
    const ProfilePlan& plan = session.plan;
    RunEstimate estimate;
    const double steps = mean_steps(plan);
    for (std::size_t i = 0; i < plan.configurations.size(); ++i) {
        if (rest.left[i] == 0) continue;
        const auto reference = choose_reference(plan, plan.configurations[i]);
        if (!reference) throw InputError("no sample has an image that can be read");
        const SampleRecord record = measure(session.model, reference->request, session.instruments);
        const double prefill_ms = record.T_preprocess + record.decode_start_ms;
        const double step_ms = decode_per_step_mean_ms(record).value_or(0);
        add(estimate, {plan.configurations[i].key, prefill_ms, step_ms, rest.left[i], 0},
            record_ms(record, steps, plan.options.subtraction) / 1000);
    }
    return estimate;
}

}  // namespace decodemeter
