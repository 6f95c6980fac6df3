// Is any statistic biased? A virtual clock drives the instrument over steps of known cost; each
// figure that a user reads is compared with the truth. Between the stages and between the runs the
// clock moves on too, so that a statistic into which anything else leaks shows it. Prints one JSON
// line for each statistic.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <vector>

#include "profiler/audit/audit.hpp"
#include "profiler/statistics/median_interval.hpp"
#include "profiler/statistics/summary.hpp"
#include "profiler/timing/overhead.hpp"
#include "profiler/timing/recorded_times.hpp"
#include "profiler/timing/subtraction.hpp"
#include "profiler/timing/timeline.hpp"
#include "profiler/timing/tracing/step_attribution.hpp"
#include "tests/timing/simulated_generate.hpp"

using namespace decodemeter;

namespace {

struct VirtualClock {
    Nanoseconds* time;
    Nanoseconds now() const noexcept { return *time; }
};

void report(const char* statistic, double value, double truth) {
    std::printf("{\"statistic\":\"%s\",\"value\":%.9g,\"truth\":%.9g,\"bias_percent\":%.6f}\n",
                statistic, value, truth, 100 * (value / truth - 1));
}

// `count` noise factors about 1, in a seeded order: the same distance above and below, so that the
// mean and the median are 1 exactly.
std::vector<double> noise_factors(int count, double width, std::uint64_t seed) {
    test::Draws draws(seed);
    std::vector<double> factors(static_cast<std::size_t>(count), 1.0);
    for (std::size_t i = 0; i + 1 < factors.size(); i += 2) {
        const double distance = std::min(0.9, std::fabs(width * draws.normal()));
        factors[i] = 1 + distance;
        factors[i + 1] = 1 - distance;
    }
    std::shuffle(factors.begin(), factors.end(), std::mt19937_64(seed));
    return factors;
}

struct Truth {
    double step_ms;
    double prefill_ms = 8;
    double vision_ms = 10;
    double projector_ms = 1;
};

// One generate() with stages and gaps; the step before which the host pauses is part of the step,
// as it is in life.
void generate(StageObserver& observer, Nanoseconds& time, const Truth& truth,
              const std::vector<double>& steps_ms, test::Draws& draws) {
    const auto pass = [&](double ms) { time += std::chrono::round<Nanoseconds>(Milliseconds(ms)); };
    const auto stage = [&](Stage which, double ms) {
        observer.begin(which);
        pass(ms);
        observer.end(which);
    };
    stage(Stage::preprocess, draws.uniform(3, 9));
    pass(draws.uniform(0, 5));
    observer.begin(Stage::generate);
    stage(Stage::vision_encoder, truth.vision_ms);
    stage(Stage::projector, truth.projector_ms);
    stage(Stage::prefill, truth.prefill_ms);
    int edge = 0;
    observer.step_edge(edge);
    for (const double step_ms : steps_ms) {
        stage(Stage::decode_step, step_ms);
        observer.step_edge(++edge);
    }
    observer.end(Stage::generate);
    pass(draws.uniform(0, 50));  // between the runs: writing the record
}

SampleRecord record_of(const GenerateTrace& trace, int sample, const ConfigKey& config) {
    SampleRecord record;
    record.dataset = "virtual";
    record.sample_id = sample;
    record.config = config;
    record.key = record_key(record.dataset, sample, config, 0);
    record.prompt_tokens = 1000;
    add_times(record, trace);
    add_token_times(record, trace.host);
    record.output_tokens = static_cast<int>(record.T_decode_per_step.size()) + 1;
    return record;
}

// The figures of a set of records, one configuration with 1,001 samples.
void measure_records(double step_ms) {
    const Truth truth{step_ms};
    const ConfigKey config{Tier::high, 8, 16};
    constexpr int samples = 1001;
    test::Draws draws(17);
    Nanoseconds time{5'000'000'000};
    Timeline<VirtualClock> timeline(64, std::nullopt, {&time});
    RecordSet set;
    std::vector<double> totals;
    std::vector<double> all_steps;
    std::vector<double> true_totals;
    const std::vector<double> factors = noise_factors(samples, 0.02, 3);
    for (int sample = 0; sample < samples; ++sample) {
        const std::vector<double> steps(static_cast<std::size_t>(draws.integer(1, 63)),
                                        step_ms * factors[static_cast<std::size_t>(sample)]);
        timeline.reset();
        generate(timeline, time, truth, steps, draws);
        SampleRecord record = record_of(timeline.resolve(), sample, config);
        const Milliseconds vision(record.T_vision_total),
            prefill(record.T_vision_total + record.T_LLM_prefill);
        record.subtraction = subtract(vision, prefill, Milliseconds(record.T_total));
        totals.push_back(record.T_total);
        true_totals.push_back(truth.vision_ms + truth.projector_ms + truth.prefill_ms +
                              std::accumulate(steps.begin(), steps.end(), 0.0));
        set.records.push_back(std::move(record));
    }
    std::vector<double> means;
    std::vector<double> per_token;
    std::vector<double> prefills;
    std::vector<double> visions;
    std::vector<double> starts;
    std::vector<double> subtracted;
    std::vector<double> direct;
    std::vector<double> first;
    std::vector<double> gaps;
    double expected_per_token = 0;
    for (const SampleRecord& record : set.records) {
        means.push_back(*decode_per_step_mean_ms(record));
        per_token.push_back(decode_per_token_ms(record));
        const double n = record.output_tokens;
        expected_per_token +=
            step_ms * factors[static_cast<std::size_t>(record.sample_id)] * (n - 1) / n;
        prefills.push_back(record.T_LLM_prefill);
        visions.push_back(record.T_vision_total);
        starts.push_back(record.decode_start_ms);
        subtracted.push_back(record.subtraction->T_LLM_decode);
        direct.push_back(record.T_LLM_decode);
        first.push_back(*record.TTFT_ms);
        gaps.push_back(*record.TPOT_ms);
        all_steps.insert(all_steps.end(), record.T_decode_per_step.begin(),
                         record.T_decode_per_step.end());
    }
    std::vector<double> sorted_factors = factors;
    std::sort(sorted_factors.begin(), sorted_factors.end());
    report("T_decode_per_step_mean, mean over samples", mean(means), step_ms);
    report("T_decode_per_step_mean, median", median_interval(means).median, step_ms);
    report("T_decode_per_step_mean, 95th percentile", quantile(means, 0.95),
           step_ms * quantile_of_sorted(sorted_factors, 0.95));
    report("T_decode_per_token, mean", mean(per_token), expected_per_token / samples);
    report("T_LLM_prefill, mean", mean(prefills), truth.prefill_ms);
    report("T_vision_total, mean", mean(visions), truth.vision_ms + truth.projector_ms);
    report("decode_start_ms, mean", mean(starts),
           truth.vision_ms + truth.projector_ms + truth.prefill_ms);
    report("TTFT_ms, mean", mean(first), truth.vision_ms + truth.projector_ms + truth.prefill_ms);
    report("TPOT_ms, mean", mean(gaps), step_ms);
    report("T_total, mean", mean(totals), mean(true_totals));
    report("T_LLM_decode by subtraction, mean", mean(subtracted), mean(direct));
    set.report.read = set.report.native = samples;
    const AuditReport audited = audit(set);
    report("divisor.step_ms of T/(N-1)", audited.divisor.step_ms, step_ms);
    report("divisor.step_ms of T/N", audited.per_token.step_ms, step_ms);
    report("per-step mean at N = 21+", audited.by_length[4].per_step_ms, step_ms);
}

// Busy and idle time of simulated steps whose kernels are known.
void measure_activity() {
    double busy = 0;
    double true_busy = 0;
    double span = 0;
    double true_span = 0;
    double parts = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const test::SimulatedGenerate run(seed, 30, 40);
        const AttributedSteps steps =
            attribute_activity(run.records, run.edges, {run.external_base});
        for (const StepActivity& step : steps.steps) {
            busy += step.busy.count();
            span += step.span.count();
            parts += (step.busy + step.idle.launch + step.idle.synchronize + step.idle.gap).count();
        }
        // The first 40 kernels are prefill's; on one stream nothing overlaps, so that the sum is
        // the truth.
        for (std::size_t i = 40; i < run.records.device.size(); ++i)
            true_busy += Milliseconds(run.records.device[i].time.length()).count();
        const Nanoseconds begin = std::max(run.edges.front(), run.records.device[39].time.end);
        true_span += Milliseconds(std::max(run.edges.back(), run.device_end()) - begin).count();
    }
    report("busy time of a step, sum", busy, true_busy);
    report("span of a step on the device, sum", span, true_span);
    report("busy and idle parts, sum", parts, true_span);
}

void measure_own_cost() {
    const std::vector<double> factors = noise_factors(4000, 0.01, 9);
    std::size_t next = 0;
    const Overhead overhead = measure_overhead(1000, 5, [&](bool instrumented) {
        return Milliseconds(20 * (instrumented ? 1.004 : 1.0) * factors[next++ % factors.size()]);
    });
    // As a time with the instrument over one without: 0.1 % of a run is what could be mistaken.
    report("run with the instrument / without", 1 + overhead.percent / 100, 1.004);
}

}  // namespace

int main() {
    for (const double step_ms : {1.54, 46.7}) measure_records(step_ms);
    measure_activity();
    measure_own_cost();
}
