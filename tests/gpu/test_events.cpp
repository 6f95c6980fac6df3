#include "profiler/timing/timeline.hpp"
#include "tests/catch.hpp"
#include "tests/gpu/spinning_generate.hpp"

using namespace decodemeter;
using test::SpinningGenerate;

TEST_CASE(
    "A span is at least what its kernels take, and the host's time of a step that waits for them "
    "too") {
    const SpinningGenerate generate;
    Timeline<> timeline(generate.steps, CudaEvents(generate.steps));
    generate(timeline);  // loads the module
    timeline.reset();
    generate(timeline);
    const GenerateTrace trace = timeline.resolve();
    REQUIRE(trace.decode.size() == static_cast<std::size_t>(generate.steps));
    for (const StepTiming& step : trace.decode) {
        REQUIRE(step.span.has_value());
        CHECK(step.span->count() >= 0.98 * generate.step_ms());
        CHECK(step.host.count() >= 0.98 * generate.step_ms());
    }
}

TEST_CASE("Spans add up to the time between the first and the last edge") {
    const SpinningGenerate generate;
    Timeline<> timeline(generate.steps, CudaEvents(generate.steps));
    timeline.reset();
    generate(timeline);
    const GenerateTrace trace = timeline.resolve();
    double spans = 0, host = 0;
    for (const StepTiming& step : trace.decode) {
        spans += step.span->count();
        host += step.host.count();
    }
    // Both clocks begin and end at the same marks, each at most about a launch apart.
    CHECK(spans == Approx(host).margin(0.05 * host));
    CHECK(trace.decode_start.count() >= 0.98 * generate.step_ms());
}

TEST_CASE("A pool of events is used again and again") {
    const SpinningGenerate generate{4, 2, 10'000};
    Timeline<> timeline(4, CudaEvents(4));
    for (int i = 0; i < 50; ++i) {
        timeline.reset();
        generate(timeline);
        CHECK(timeline.resolve().decode.size() == 4);
    }
}
