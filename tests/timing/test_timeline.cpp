#include "profiler/timing/observer_group.hpp"
#include "profiler/timing/timeline.hpp"
#include "tests/catch.hpp"

using namespace decodemeter;
using namespace std::chrono_literals;

namespace {

// A clock that moves only when the test moves it.
struct VirtualClock {
    Nanoseconds* time;
    Nanoseconds now() const noexcept { return *time; }
};

// Runs the marks of a generate() whose stages and steps take given times.
void run(StageObserver& observer, Nanoseconds& time, const std::vector<Nanoseconds>& steps) {
    const auto stage = [&](Stage which, Nanoseconds duration) {
        observer.begin(which, 0);
        time += duration;
        observer.end(which, 0);
    };
    stage(Stage::preprocess, 6ms);
    observer.begin(Stage::generate, 0);
    stage(Stage::vision_encoder, 10ms);
    stage(Stage::projector, 1ms);
    stage(Stage::prefill, 8ms);
    observer.begin(Stage::decode_step, 1);
    int step = 0;
    for (const Nanoseconds duration : steps) {
        time += duration;
        observer.end(Stage::decode_step, ++step);
    }
    time += 100us;
    observer.end(Stage::generate, 0);
}

}  // namespace

TEST_CASE("A timeline reads the stages and each step from the marks") {
    Nanoseconds time{123456789};
    Timeline<VirtualClock> timeline(8, std::nullopt, {&time});
    run(timeline, time, {1500us, 1600us, 1700us});
    const GenerateTrace trace = timeline.resolve();
    CHECK(trace.stages.preprocess == Milliseconds(6));
    CHECK(trace.stages.vision_encoder == Milliseconds(10));
    CHECK(trace.stages.projector == Milliseconds(1));
    CHECK(trace.stages.prefill == Milliseconds(8));
    CHECK(trace.decode_start == Milliseconds(19));
    CHECK(trace.total == Milliseconds(23.9));
    REQUIRE(trace.decode.size() == 3);
    CHECK(trace.decode[0].step == 1);
    CHECK(trace.decode[2].host == Milliseconds(1.7));
    CHECK_FALSE(trace.decode[0].span);
}

TEST_CASE("A timeline is used again without leaking an earlier run") {
    Nanoseconds time{};
    Timeline<VirtualClock> timeline(8, std::nullopt, {&time});
    run(timeline, time, {1ms, 1ms, 1ms, 1ms});
    timeline.reset();
    run(timeline, time, {2ms});
    const GenerateTrace trace = timeline.resolve();
    REQUIRE(trace.decode.size() == 1);
    CHECK(trace.decode[0].host == Milliseconds(2));
}

TEST_CASE("One returned token leaves no decode step") {
    Nanoseconds time{};
    Timeline<VirtualClock> timeline(8, std::nullopt, {&time});
    run(timeline, time, {});
    CHECK(timeline.resolve().decode.empty());
}

TEST_CASE("More steps than there is room for are noted, not written past the end") {
    Nanoseconds time{};
    Timeline<VirtualClock> timeline(2, std::nullopt, {&time});
    run(timeline, time, {1ms, 1ms, 1ms});
    CHECK(timeline.marks().overflow);
    CHECK(timeline.resolve().decode.size() == 2);
}

TEST_CASE(
    "The span clock is the headline where it is there, and must agree on the number of steps") {
    ClockReading host, span;
    host.steps = {Milliseconds(2), Milliseconds(2)};
    host.stages.preprocess = Milliseconds(5);
    span.steps = {Milliseconds(1), Milliseconds(1)};
    span.total = Milliseconds(9);
    const GenerateTrace trace = make_trace(host, span);
    CHECK(trace.total == Milliseconds(9));
    CHECK(trace.stages.preprocess == Milliseconds(5));
    CHECK(trace.decode[1].span == Milliseconds(1));
    CHECK(trace.decode[1].host == Milliseconds(2));
    span.steps.pop_back();
    CHECK_THROWS_AS(make_trace(host, span), std::logic_error);
}

TEST_CASE("A group hands marks to all, the first enclosing the others") {
    struct Recorder final : StageObserver {
        std::string* log;
        char name;
        Recorder(std::string* target, char own_name) : log(target), name(own_name) {}
        void begin(Stage, int) noexcept override { *log += name; }
        void end(Stage, int) noexcept override { *log += name; }
    };
    std::string log;
    Recorder a(&log, 'a'), b(&log, 'b');
    ObserverGroup group;
    group.add(a);
    group.add(b);
    group.begin(Stage::prefill, 0);
    group.end(Stage::prefill, 0);
    CHECK(log == "abba");
}
