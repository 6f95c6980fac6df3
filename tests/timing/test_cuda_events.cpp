#include "profiler/timing/cuda_events.hpp"

#include "profiler/error/error.hpp"
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

// The device falls behind by 2 ms in prefill, and catches up by 1 ms in the second step.
void generate(StageObserver& observer) {
    auto& fake = fake_driver();
    observer.begin(Stage::generate, 0);
    observer.begin(Stage::prefill, 0);
    fake.now += 1ms;
    fake.behind += 2ms;
    observer.end(Stage::prefill, 0);
    observer.begin(Stage::decode_step, 1);
    fake.now += 4ms;
    observer.end(Stage::decode_step, 1);
    fake.now += 5ms;
    fake.behind -= 1ms;
    observer.end(Stage::decode_step, 2);
    observer.end(Stage::generate, 0);
}

}  // namespace

TEST_CASE("Spans are what the device took, host times what the host did, each on its own clock") {
    Timeline<FakeClock> timeline(4, CudaEvents(4, nullptr, make_fake_driver()));
    for (int again = 0; again < 3; ++again) {
        timeline.reset();
        fake_driver().behind = {};
        generate(timeline);
        const GenerateTrace trace = timeline.resolve();
        REQUIRE(trace.decode.size() == 2);
        CHECK(trace.decode[0].host == 4ms);
        CHECK(trace.decode[0].span->count() == Approx(4));
        CHECK(trace.decode[1].host == 5ms);
        CHECK(trace.decode[1].span->count() == Approx(4));
        CHECK(trace.stages.prefill.count() == Approx(3));
        CHECK(trace.decode_start.count() == Approx(3));
        CHECK(trace.total.count() == Approx(11));
    }
}

TEST_CASE("A thread without a context gets the first device's, one that has its own keeps it") {
    CudaDriver driver = make_fake_driver();
    CudaEvents(1, nullptr, driver);
    CHECK(fake_driver().contexts_set == 1);
    driver = make_fake_driver();
    fake_driver().context = &driver;
    CudaEvents(1, nullptr, driver);
    CHECK(fake_driver().contexts_set == 0);
}

TEST_CASE("Every event that was made is freed once, whoever held it, and when making more failed") {
    const CudaDriver driver = make_fake_driver();
    {
        CudaEvents first(3, nullptr, driver);
        CudaEvents second(std::move(first));
        first = CudaEvents(2, nullptr, driver);
        std::swap(first, second);
    }
    CHECK(fake_driver().created > 0);
    CHECK(fake_driver().destroyed == fake_driver().created);
    make_fake_driver();
    fake_driver().fails_from = 5;
    CHECK_THROWS_WITH(CudaEvents(8, nullptr, driver),
                      Catch::Contains("cannot create a CUDA event: as the fake wants it"));
    CHECK(fake_driver().created == 5);
    CHECK(fake_driver().destroyed == 5);
}

TEST_CASE("An event that could not be recorded is a failure when the times are read, not a time") {
    Timeline<FakeClock> timeline(4, CudaEvents(4, nullptr, make_fake_driver()));
    fake_driver().record_status = 400;
    generate(timeline);
    CHECK_THROWS_WITH(timeline.resolve(), Catch::Contains("CUDA error 400"));
    fake_driver().record_status = 0;
    timeline.reset();
    generate(timeline);
    CHECK(timeline.resolve().decode.size() == 2);
}

TEST_CASE("Without a driver there are no events, which is said") {
    CudaDriver none;
    none.absent = "libcuda.so.1 is not there";
    CHECK_THROWS_AS(CudaEvents(1, nullptr, none), InputError);
}
