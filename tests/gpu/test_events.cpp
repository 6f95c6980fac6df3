#include <numeric>

#include "profiler/timing/timeline.hpp"
#include "tests/catch.hpp"
#include "tests/gpu/spinning_generate.hpp"

using namespace decodemeter;
using test::SpinningGenerate;

namespace {

GenerateTrace timed(const SpinningGenerate& generate) {
    Timeline<> timeline(generate.steps, CudaEvents(generate.steps, CudaStream{generate.stream}));
    generate(timeline);  // loads the module
    timeline.reset();
    generate(timeline);
    return timeline.resolve();
}

Milliseconds sum(const std::vector<Milliseconds>& steps) {
    return std::accumulate(steps.begin(), steps.end(), Milliseconds{});
}

}  // namespace

TEST_CASE("Each step lasts at least as long as its kernels on both clocks") {
    const SpinningGenerate generate;
    const GenerateTrace trace = timed(generate);
    REQUIRE(trace.span.has_value());
    for (const ClockReading* const clock : {&trace.host, &*trace.span}) {
        REQUIRE(clock->steps.size() == static_cast<std::size_t>(generate.steps));
        for (const Milliseconds step : clock->steps)
            CHECK(step.count() >= 0.98 * generate.step_ms());
        CHECK(clock->first_token.count() >= 0.98 * generate.step_ms());
    }
}

// The clocks differ by the read-back alone, which takes tens of microseconds; a step that held the
// tail of prefill would differ by 1 ms.
TEST_CASE("Host and span agree at every step, the first and the last included") {
    const SpinningGenerate generate;
    const GenerateTrace trace = timed(generate);
    for (std::size_t i = 0; i < trace.host.steps.size(); ++i)
        CHECK(trace.host.steps[i].count() == Approx(trace.span->steps[i].count()).margin(0.2));
    CHECK(sum(trace.host.steps).count() == Approx(sum(trace.span->steps).count()).margin(0.2));
}

TEST_CASE("A non-blocking stream is timed by events of its own") {
    cudaStream_t stream = nullptr;
    check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cannot create a stream");
    SpinningGenerate generate;
    generate.stream = stream;
    const GenerateTrace trace = timed(generate);
    for (const Milliseconds step : trace.span->steps)
        CHECK(step.count() >= 0.98 * generate.step_ms());
    CHECK(trace.span->first_token.count() >= 0.98 * generate.step_ms());
    cudaStreamDestroy(stream);
}

TEST_CASE("A pool of events is used again and again") {
    const SpinningGenerate generate{4, 2, 10'000};
    Timeline<> timeline(4, CudaEvents(4, CudaStream{}));
    for (int i = 0; i < 50; ++i) {
        timeline.reset();
        generate(timeline);
        CHECK(timeline.resolve().span->steps.size() == 4);
    }
}
