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
        observer.begin(which);
        time += duration;
        observer.end(which);
    };
    stage(Stage::preprocess, 6ms);
    observer.begin(Stage::generate);
    stage(Stage::vision_encoder, 10ms);
    stage(Stage::projector, 1ms);
    stage(Stage::prefill, 8ms);
    time += 1ms;  // reading token 1 back
    int edge = 0;
    observer.step_edge(edge);
    for (const Nanoseconds duration : steps) {
        time += duration / 2;
        stage(Stage::decode_step, duration / 2);
        observer.step_edge(++edge);
    }
    time += 100us;
    observer.end(Stage::generate);
}

}  // namespace

TEST_CASE("A timeline reads the stages and each step from the marks") {
    Nanoseconds time{123456789};
    Timeline<VirtualClock> timeline(8, std::nullopt, {&time});
    run(timeline, time, {1500us, 1600us, 1700us});
    const GenerateTrace trace = timeline.resolve();
    const ClockReading& host = trace.host;
    CHECK(host.stages.preprocess == Milliseconds(6));
    CHECK(host.stages.vision_encoder == Milliseconds(10));
    CHECK(host.stages.projector == Milliseconds(1));
    CHECK(host.stages.prefill == Milliseconds(8));
    CHECK(host.first_token == Milliseconds(20));
    CHECK(host.total == Milliseconds(24.9));
    CHECK(host.steps ==
          std::vector<Milliseconds>{Milliseconds(1.5), Milliseconds(1.6), Milliseconds(1.7)});
    CHECK_FALSE(trace.span);
    CHECK(&trace.headline() == &host);
}

TEST_CASE("A timeline is used again without leaking an earlier run") {
    Nanoseconds time{};
    Timeline<VirtualClock> timeline(8, std::nullopt, {&time});
    run(timeline, time, {1ms, 1ms, 1ms, 1ms});
    timeline.reset();
    run(timeline, time, {2ms});
    const GenerateTrace trace = timeline.resolve();
    CHECK(trace.host.steps == std::vector<Milliseconds>{Milliseconds(2)});
}

TEST_CASE("A stage in two parts lasts from its first begin to its last end") {
    Nanoseconds time{};
    Timeline<VirtualClock> timeline(8, std::nullopt, {&time});
    timeline.begin(Stage::generate);
    for (int part = 0; part < 2; ++part) {
        timeline.begin(Stage::prefill);
        time += 3ms;
        timeline.end(Stage::prefill);
        timeline.step_edge(0);
        time += 1ms;
    }
    timeline.end(Stage::generate);
    CHECK(timeline.resolve().host.stages.prefill == Milliseconds(7));
    CHECK(timeline.resolve().host.first_token == Milliseconds(7));
}

TEST_CASE("One returned token leaves no decode step") {
    Nanoseconds time{};
    Timeline<VirtualClock> timeline(8, std::nullopt, {&time});
    run(timeline, time, {});
    CHECK(timeline.resolve().host.steps.empty());
}

TEST_CASE("More steps than there is room for are noted, not written past the end") {
    Nanoseconds time{};
    Timeline<VirtualClock> timeline(2, std::nullopt, {&time});
    run(timeline, time, {1ms, 1ms, 1ms});
    CHECK(timeline.marks().overflow);
    CHECK(timeline.resolve().host.steps.size() == 2);
}

TEST_CASE("A group passes marks to all, the first enclosing the others") {
    struct Recorder final : StageObserver {
        std::string* log;
        char name;
        Recorder(std::string* target, char own_name) : log(target), name(own_name) {}
        void begin(Stage) noexcept override { *log += name; }
        void end(Stage) noexcept override { *log += name; }
        void step_edge(int) noexcept override { *log += name; }
    };
    std::string log;
    Recorder a(&log, 'a'), b(&log, 'b');
    ObserverGroup group;
    group.add(a);
    group.add(b);
    group.begin(Stage::prefill);
    group.end(Stage::prefill);
    group.step_edge(0);
    CHECK(log == "abbaab");
}
