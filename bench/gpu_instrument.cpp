// What the instrument costs on a GPU, and what a tracing pass leaves behind. A generate() of
// kernels of known length runs with and without each part of the instrument, in randomized ABBA
// blocks; then untraced runs are compared before and after a tracing session. Usage:
// gpu_bench_instrument [file for the activity of one short run]. Prints one JSON line for each
// figure; returns 77 where there is no device.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <limits>
#include <vector>

#include "profiler/statistics/comparison.hpp"
#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/overhead.hpp"
#include "profiler/timing/timeline.hpp"
#include "profiler/timing/tracing/cupti_session.hpp"
#include "tests/gpu/spinning_generate.hpp"
#include "tests/timing/tracing/activity_file.hpp"

using namespace decodemeter;
using test::SpinningGenerate;

namespace {

constexpr int blocks = 100;
const SpinningGenerate typical{16, 200,
                               4000};  // 0.8 ms a step, as an eager decoder of small kernels

Milliseconds time_run(StageObserver& observer) {
    check_cuda(cudaDeviceSynchronize(), "cannot wait for the device");
    const auto begin = std::chrono::steady_clock::now();
    typical(observer);
    return std::chrono::steady_clock::now() - begin;
}

// `launches` are those of a whole run, of which prefill makes as many as a step.
void report(const char* what, const Overhead& overhead) {
    std::printf("{\"figure\":\"%s\",\"launches\":%d,\"launches_per_step\":%d,\"value\":%s}\n", what,
                typical.kernels * (typical.steps + 1), typical.kernels,
                overhead_json(overhead).c_str());
}

void measure_events() {
    NullObserver nobody;
    Timeline<> timeline(typical.steps, CudaEvents(typical.steps, CudaStream{}));
    report("events", measure_overhead(blocks, 1, [&](bool instrumented) {
               timeline.reset();
               return time_run(instrumented ? static_cast<StageObserver&>(timeline) : nobody);
           }));
}

void measure_tracing() {
    CuptiSession session;
    if (!session.begin_pass()) {
        std::printf("{\"figure\":\"tracing\",\"refused\":\"%s\"}\n", session.refused().c_str());
        return;
    }
    session.end_pass();
    NullObserver nobody;
    report("tracing", measure_overhead(blocks, 2, [&](bool instrumented) {
               if (!instrumented) return time_run(nobody);
               session.begin_pass();
               const Milliseconds taken = time_run(session.observer());
               session.end_pass();
               return taken;
           }));
}

std::vector<double> untraced_runs() {
    NullObserver nobody;
    std::vector<double> times;
    for (int i = 0; i < 2 * blocks; ++i) times.push_back(time_run(nobody).count());
    return times;
}

void report_slowdown(const std::vector<double>& before) {
    const Comparison change = compare_unpaired(before, untraced_runs(), 0.002);
    std::printf(
        "{\"figure\":\"slowdown after "
        "tracing\",\"percent\":%.4f,\"interval_percent\":[%.4f,%.4f]}\n",
        percent_of_log_ratio(change.log_ratio.median), percent_of_log_ratio(change.log_ratio.lower),
        percent_of_log_ratio(change.log_ratio.upper));
}

// The edges are the observer's own; here they are taken once more, a few hundred nanoseconds apart.
struct EdgeTimes final : StageObserver {
    std::vector<Nanoseconds> edges;
    void begin(Stage) noexcept override {}
    void end(Stage stage) noexcept override {
        if (stage == Stage::prefill || stage == Stage::decode_step)
            edges.push_back(std::chrono::steady_clock::now().time_since_epoch());
    }
    void step_edge(int) noexcept override {}
};

void record_activity(const char* file) {
    CuptiOptions options;
    options.keep_records = true;
    CuptiSession session(options);
    const SpinningGenerate generate{4, 20, 5000};
    EdgeTimes times;
    Timeline<> timeline(generate.steps, CudaEvents(generate.steps, CudaStream{}));
    ObserverGroup observers;
    observers.add(timeline);
    observers.add(times);
    observers.add(session.observer());
    if (!session.begin_pass()) return;
    generate(observers);
    CuptiPass pass = session.end_pass();
    std::uint64_t base = std::numeric_limits<std::uint64_t>::max();
    for (const ExternalLink& link : pass.records->links) base = std::min(base, link.id);
    std::ofstream out(file);
    test::write_activity({std::move(*pass.records), times.edges, base}, out);
}

}  // namespace

int main(int argc, char** argv) {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
        std::printf("not run: no CUDA device\n");
        return 77;
    }
    const std::vector<double> before = untraced_runs();
    measure_events();
    measure_tracing();
    report_slowdown(before);
    if (argc > 1) record_activity(argv[1]);
}
