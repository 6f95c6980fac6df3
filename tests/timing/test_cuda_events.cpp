#include "profiler/timing/cuda_events.hpp"

#include "profiler/system/error.hpp"
#include "profiler/timing/timeline.hpp"
#include "tests/catch.hpp"
#include "tests/timing/fake_driver.hpp"

using namespace decodemeter;
using namespace std::chrono_literals;
using test::fake_driver;
using test::make_fake_driver;

namespace {

struct FakeClock {
    Nanoseconds now() const noexcept { return fake_driver().now; }
};

struct Pass {
    Nanoseconds queueing;  // what the host takes to launch it
    Nanoseconds work;      // what the device takes, from the first launch on
    Nanoseconds read_back{10us};
};

// A prefill and steps on an asynchronous device: each pass is queued, then its token is read back.
void generate(StageObserver& observer, const std::vector<Pass>& passes) {
    auto& fake = fake_driver();
    fake.now += 1ms;
    observer.begin(Stage::generate);
    int edge = 0;
    for (const auto& [queueing, work, read_back] : passes) {
        const Stage stage = edge == 0 ? Stage::prefill : Stage::decode_step;
        observer.begin(stage);
        const Nanoseconds done = fake.now + std::max(queueing, work);
        fake.now += queueing;
        fake.behind = done - fake.now;
        observer.end(stage);
        fake.now = done + read_back;
        fake.behind = {};
        observer.step_edge(edge++);
    }
    observer.end(Stage::generate);
}

const std::vector<Pass> slow_device = {{1ms, 20ms}, {1ms, 4ms}, {1ms, 5ms}};

std::vector<double> counts(const std::vector<Milliseconds>& steps) {
    std::vector<double> counts;
    for (const Milliseconds step : steps) counts.push_back(step.count());
    return counts;
}

}  // namespace

TEST_CASE("No step holds the tail of prefill on either clock, and the next run starts afresh") {
    Timeline<FakeClock> timeline(4, CudaEvents(4, CudaStream{}, make_fake_driver()));
    for (int again = 0; again < 3; ++again) {
        timeline.reset();
        generate(timeline, slow_device);
        const GenerateTrace trace = timeline.resolve();
        REQUIRE(trace.span);
        CHECK_THAT(counts(trace.host.steps), Catch::Matchers::Approx(std::vector{4.01, 5.01}));
        CHECK_THAT(counts(trace.span->steps), Catch::Matchers::Approx(std::vector{4.01, 5.01}));
        CHECK(trace.host.first_token.count() == Approx(20.01));
        CHECK(trace.span->first_token.count() == Approx(20));
        CHECK(trace.span->stages.prefill.count() == Approx(20));
        CHECK(trace.host.stages.prefill.count() == Approx(1));  // queueing it
        CHECK(trace.span->total.count() == Approx(29.03));
        CHECK(&trace.headline() == &*trace.span);
    }
}

TEST_CASE("The clocks of a step differ by the read-backs at its edges, and spans by nothing else") {
    Timeline<FakeClock> timeline(4, CudaEvents(4, CudaStream{}, make_fake_driver()));
    const std::vector<Pass> passes = {
        {2ms, 9ms, 20us}, {3ms, 1ms, 30us}, {1ms, 4ms, 70us}, {1ms, 3ms, 10us}};
    timeline.reset();
    generate(timeline, passes);
    const GenerateTrace trace = timeline.resolve();
    Milliseconds spans{};
    for (std::size_t s = 1; s < passes.size(); ++s) {
        const Milliseconds host = trace.host.steps[s - 1];
        const Milliseconds span = trace.span->steps[s - 1];
        const Milliseconds read_backs = passes[s].read_back - passes[s - 1].read_back;
        CHECK((host - span).count() == Approx(read_backs.count()).margin(1e-4));
        spans += span;
    }
    CHECK((trace.span->first_token + spans).count() == Approx(trace.span->total.count() - 0.01));
}

TEST_CASE("Where no prefill is seen, the events too begin decoding at edge 0") {
    Timeline<FakeClock> timeline(4, CudaEvents(4, CudaStream{}, make_fake_driver()));
    timeline.begin(Stage::generate);
    timeline.step_edge(0);
    timeline.begin(Stage::decode_step);
    fake_driver().now += 3ms;
    timeline.end(Stage::decode_step);
    timeline.step_edge(1);
    timeline.end(Stage::generate);
    CHECK_THAT(counts(timeline.resolve().span->steps), Catch::Matchers::Approx(std::vector{3.0}));
}

TEST_CASE("Events are recorded on the stream that they are made for, and on no other") {
    int stream = 0;
    Timeline<FakeClock> timeline(4, CudaEvents(4, CudaStream{&stream}, make_fake_driver()));
    generate(timeline, slow_device);
    CHECK(fake_driver().streams == std::set<void*>{&stream});
}

TEST_CASE("A thread without a context gets the first device's, one that has its own keeps it") {
    CudaDriver driver = make_fake_driver();
    CudaEvents(1, CudaStream{}, driver);
    CHECK(fake_driver().contexts_set == 1);
    driver = make_fake_driver();
    fake_driver().context = &driver;
    CudaEvents(1, CudaStream{}, driver);
    CHECK(fake_driver().contexts_set == 0);
}

TEST_CASE("Every event that was made is freed once, whoever held it, and when making more failed") {
    const CudaDriver driver = make_fake_driver();
    {
        CudaEvents first(3, CudaStream{}, driver);
        CudaEvents second(std::move(first));
        first = CudaEvents(2, CudaStream{}, driver);
        std::swap(first, second);
    }
    CHECK(fake_driver().created > 0);
    CHECK(fake_driver().destroyed == fake_driver().created);
    make_fake_driver();
    fake_driver().fails_from = 5;
    CHECK_THROWS_WITH(CudaEvents(8, CudaStream{}, driver),
                      Catch::Contains("cannot create a CUDA event: as the fake wants it"));
    CHECK(fake_driver().created == 5);
    CHECK(fake_driver().destroyed == 5);
}

TEST_CASE("An event that could not be recorded is a failure when the times are read, not a time") {
    Timeline<FakeClock> timeline(4, CudaEvents(4, CudaStream{}, make_fake_driver()));
    fake_driver().record_status = 400;
    generate(timeline, slow_device);
    CHECK_THROWS_WITH(timeline.resolve(), Catch::Contains("CUDA error 400"));
    fake_driver().record_status = 0;
    timeline.reset();
    generate(timeline, slow_device);
    CHECK(timeline.resolve().span->steps.size() == 2);
}

TEST_CASE("Without a driver there are no events, which is said") {
    CudaDriver none;
    none.absent = "libcuda.so.1 is not there";
    CHECK_THROWS_AS(CudaEvents(1, CudaStream{}, none), InputError);
}
