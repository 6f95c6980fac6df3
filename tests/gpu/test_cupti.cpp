#include <cstdio>

#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/timeline.hpp"
#include "profiler/timing/tracing/cupti_session.hpp"
#include "tests/catch.hpp"
#include "tests/gpu/skipped_tests.hpp"
#include "tests/gpu/spinning_generate.hpp"

using namespace decodemeter;
using test::SpinningGenerate;

namespace {

// Null where this machine refuses tracing; the test case then counts as skipped.
std::unique_ptr<CuptiSession> open_session(const CuptiOptions& options = {}) {
    auto session = std::make_unique<CuptiSession>(options);
    if (session->begin_pass()) {
        session->end_pass();
        return session;
    }
    test::skip_test(session->refused());
    return nullptr;
}

struct TracedRun {
    CuptiPass pass;
    GenerateTrace trace;
};

TracedRun trace(CuptiSession& session, const SpinningGenerate& generate) {
    Timeline<> timeline(generate.steps, CudaEvents(generate.steps, CudaStream{}));
    ObserverGroup observers;
    observers.add(timeline);
    observers.add(session.observer());
    check_cuda(cudaDeviceSynchronize(), "cannot wait for the device");
    REQUIRE(session.begin_pass());
    generate(observers);
    TracedRun run;
    run.pass = session.end_pass();
    run.trace = timeline.resolve();
    return run;
}

}  // namespace

TEST_CASE("Each kernel and copy is found in its own step, and nothing is lost") {
    const auto session = open_session();
    if (!session) return;
    const SpinningGenerate generate;
    const AttributedSteps steps = trace(*session, generate).pass.attributed;
    REQUIRE(steps.steps.size() == static_cast<std::size_t>(generate.steps));
    CHECK(steps.losses.dropped == 0);
    CHECK(steps.losses.zero_timestamps == 0);
    CHECK(steps.losses.unmatched == 0);
    CHECK(steps.losses.overlapping == 0);
    CHECK(steps.losses.link_disagreements == 0);
    for (const StepActivity& step : steps.steps) {
        CHECK(step.kernels == generate.kernels);
        CHECK(step.memcpy_bytes == sizeof(long long));
        CHECK(step.synchronizations >= 1);
        CHECK(step.busy <= step.span);
        CHECK(step.busy.count() >= 0.98 * generate.step_ms());
        CHECK(step.busy.count() <= 1.2 * generate.step_ms());
        CHECK((step.busy + step.idle.launch + step.idle.synchronize + step.idle.gap).count() ==
              Approx(step.span.count()).epsilon(1e-6));
    }
}

TEST_CASE("The spans of events and of activity records of one run agree") {
    const auto session = open_session();
    if (!session) return;
    const TracedRun run = trace(*session, SpinningGenerate{});
    const std::vector<Milliseconds>& spans = run.trace.span->steps;
    REQUIRE(spans.size() == run.pass.attributed.steps.size());
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const double events = spans[i].count();
        const double activity = run.pass.attributed.steps[i].span.count();
        CHECK(activity == Approx(events).epsilon(0.03).margin(0.02));
    }
}

TEST_CASE("On one clock with the kernels, the events keep each step's work between them") {
    const auto session = open_session();
    if (!session) return;
    const TracedRun run = trace(*session, SpinningGenerate{});
    if (!session->no_event_times().empty()) {
        test::skip_test(session->no_event_times());
        return;
    }
    const auto& events = run.pass.attributed.events;
    REQUIRE(events.has_value());
    CHECK(events->misplaced == 0);
    const std::vector<Milliseconds>& spans = run.trace.span->steps;
    REQUIRE(events->span.size() == spans.size());
    for (std::size_t i = 0; i < spans.size(); ++i)
        CHECK(events->span[i].count() == Approx(spans[i].count()).margin(0.002));
}

TEST_CASE("Short kernels launched by the thousand are all counted") {
    const auto session = open_session();
    if (!session) return;
    const SpinningGenerate generate{8, 5000, 1000};
    const AttributedSteps steps = trace(*session, generate).pass.attributed;
    REQUIRE(steps.steps.size() == 8);
    for (const StepActivity& step : steps.steps) CHECK(step.kernels == 5000);
    CHECK(steps.losses.none());
}

TEST_CASE("A graph's kernels are seen node by node, in the step of its launch") {
    const auto session = open_session();
    if (!session) return;
    cudaStream_t stream = nullptr;
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    // Before the graph is made: what CUPTI traces of one that was instantiated earlier depends on
    // its version.
    REQUIRE(session->begin_pass());
    check_cuda(cudaStreamCreate(&stream), "cannot create a stream");
    check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "cannot capture");
    for (int i = 0; i < 10; ++i)
        check_cuda(test::launch_spin(20'000, stream), "cannot capture a launch");
    check_cuda(cudaStreamEndCapture(stream, &graph), "cannot end the capture");
    check_cuda(cudaGraphInstantiate(&executable, graph, 0), "cannot instantiate");
    check_cuda(cudaDeviceSynchronize(), "cannot wait");
    StageObserver& observer = session->observer();
    observer.begin(Stage::generate);
    observer.step_edge(0);
    for (int step = 1; step <= 3; ++step) {
        observer.begin(Stage::decode_step);
        check_cuda(cudaGraphLaunch(executable, stream), "cannot launch the graph");
        observer.end(Stage::decode_step);
        check_cuda(cudaStreamSynchronize(stream), "cannot wait");
        observer.step_edge(step);
    }
    observer.end(Stage::generate);
    const AttributedSteps steps = session->end_pass().attributed;
    REQUIRE(steps.steps.size() == 3);
    for (const StepActivity& step : steps.steps) {
        CHECK(step.kernels == 10);
        CHECK(step.busy.count() >= 0.98 * 0.2);
    }
    CHECK(steps.losses.none());
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);
    cudaStreamDestroy(stream);
}

TEST_CASE("A second session in the process is refused, and a later one works") {
    const auto session = open_session();
    if (!session) return;
    CHECK_FALSE(CuptiSession().refused().empty());
}
