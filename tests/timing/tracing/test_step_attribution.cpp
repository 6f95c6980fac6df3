#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "profiler/timing/tracing/step_attribution.hpp"
#include "tests/catch.hpp"
#include "tests/timing/simulated_generate.hpp"

using namespace decodemeter;
using test::SimulatedGenerate;

namespace {

constexpr Nanoseconds us(double microseconds) {
    return Nanoseconds(static_cast<std::int64_t>(microseconds * 1000));
}

// Records made by hand, times in microseconds after an arbitrary start.
struct HandMade {
    static constexpr Nanoseconds origin{5'000'000'000};
    ActivityRecords records;
    std::vector<Nanoseconds> edges;
    std::uint32_t correlation = 0;

    explicit HandMade(const std::vector<double>& edges_us) {
        for (const double edge : edges_us) edges.push_back(origin + us(edge));
    }

    std::uint32_t call(double start, double end, bool synchronizes = false) {
        ApiCall made;
        made.correlation = ++correlation;
        made.time = {origin + us(start), origin + us(end)};
        made.synchronizes = synchronizes;
        records.calls.push_back(made);
        return correlation;
    }

    DeviceActivity& activity(std::uint32_t launched_by, double start, double end,
                             std::uint32_t stream = 7) {
        DeviceActivity made;
        made.correlation = launched_by;
        made.stream = stream;
        made.time = {origin + us(start), origin + us(end)};
        records.device.push_back(made);
        return records.device.back();
    }

    // A kernel whose call takes 2 us.
    DeviceActivity& kernel(double called, double start, double end, std::uint32_t stream = 7) {
        return activity(call(called, called + 2), start, end, stream);
    }

    AttributedSteps attribute(AttributionOptions options = {}) const {
        return attribute_activity(records, edges, options);
    }
};

// Idle times are sums of fractions of milliseconds.
bool same(Milliseconds a, Nanoseconds b) {
    return std::abs(a.count() - Milliseconds(b).count()) < 1e-9;
}

Milliseconds total_idle(const StepActivity& step) {
    return step.idle.launch + step.idle.synchronize + step.idle.gap;
}

void check_same(const AttributedSteps& a, const AttributedSteps& b) {
    REQUIRE(a.steps.size() == b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i) {
        CHECK(a.steps[i].span == b.steps[i].span);
        CHECK(a.steps[i].busy == b.steps[i].busy);
        CHECK(a.steps[i].idle.launch.count() ==
              Approx(b.steps[i].idle.launch.count()).margin(1e-12));
        CHECK(a.steps[i].idle.synchronize.count() ==
              Approx(b.steps[i].idle.synchronize.count()).margin(1e-12));
        CHECK(a.steps[i].idle.gap.count() == Approx(b.steps[i].idle.gap.count()).margin(1e-12));
        CHECK(a.steps[i].kernels == b.steps[i].kernels);
        CHECK(a.steps[i].api_calls == b.steps[i].api_calls);
        CHECK(a.steps[i].memcpy_bytes == b.steps[i].memcpy_bytes);
    }
    CHECK(a.losses.none() == b.losses.none());
}

}  // namespace

TEST_CASE("Idle time before a kernel is split by when its call had returned") {
    HandMade made({0, 100});
    made.kernel(10, 15, 40);  // idle 0..15: launch until 12, then gap
    made.kernel(20, 50, 90);  // launched long before 40: idle 40..50 is a gap
    const AttributedSteps result = made.attribute();
    REQUIRE(result.steps.size() == 1);
    const StepActivity& step = result.steps[0];
    CHECK(step.span == us(100));
    CHECK(step.busy == us(65));
    CHECK(same(step.idle.gap, us(3 + 10)));
    CHECK(same(step.idle.launch,
               us(12 + 10)));  // the host reaches its edge 10 us after the last kernel
    CHECK(same(step.idle.synchronize, us(0)));
    CHECK(step.kernels == 2);
    CHECK(step.api_calls == 2);
    CHECK(result.losses.none());
}

TEST_CASE(
    "Waiting for a launch while the host is blocked in a synchronizing call counts as "
    "synchronizing") {
    HandMade made({0, 100});
    made.kernel(1, 3, 20);
    made.call(4, 30, true);    // returns 10 us after the kernel has ended
    made.kernel(35, 37, 100);  // called 5 us later, and the call takes 2 us
    const StepActivity step = made.attribute().steps.at(0);
    CHECK(same(step.idle.synchronize, us(10)));
    CHECK(same(step.idle.launch, us(3 + 7)));
    CHECK(same(step.idle.gap, us(0)));
    CHECK(step.synchronizations == 1);
    CHECK(step.api_calls == 3);
}

TEST_CASE("The host's call decides the step, not the time on the device") {
    HandMade made({0, 20, 40});
    made.kernel(5, 8, 60);    // step 1, runs on while the host is in step 2 and beyond
    made.kernel(25, 60, 75);  // step 2
    const AttributedSteps result = made.attribute();
    REQUIRE(result.steps.size() == 2);
    CHECK(result.steps[0].span == us(60));
    CHECK(result.steps[0].busy == us(52));
    CHECK(result.steps[1].span == us(15));
    CHECK(result.steps[1].busy == us(15));
}

TEST_CASE("A step that begins while prefill still runs begins when it has ended") {
    HandMade made({0, 30});
    made.kernel(-20, -10, 12);  // prefill
    made.kernel(3, 12, 30);
    const StepActivity step = made.attribute().steps.at(0);
    CHECK(step.span == us(18));
    CHECK(step.busy == us(18));
    CHECK(total_idle(step) == us(0));
    CHECK(step.kernels == 1);
}

TEST_CASE("Work that overlaps on two streams is counted once: the sum says more than the span") {
    HandMade made({0, 12});
    made.kernel(-3, 0, 1);  // prefill ends at 1
    made.edges[0] = made.origin + us(0);
    const std::uint32_t first = made.call(0.1, 0.2);
    const std::uint32_t second = made.call(0.3, 0.4);
    made.activity(first, 1.4, 8.6, 7);
    made.activity(second, 5.4, 12.6, 13);
    const StepActivity step = made.attribute().steps.at(0);
    CHECK(step.busy == us(11.2));  // 7.2 + 7.2 = 14.4 in sum
    CHECK(step.busy <= step.span);
    CHECK(made.attribute().losses.overlapping == 0);
}

TEST_CASE("The nodes of a graph launch share its call, lie on any stream and wait in gaps") {
    HandMade made({0, 50});
    const std::uint32_t launch = made.call(2, 10);
    for (int node = 0; node < 3; ++node) {
        DeviceActivity& kernel = made.activity(launch, 12 + 10 * node, 20 + 10 * node);
        kernel.graph = 4;
        kernel.graph_node = 100 + static_cast<std::uint64_t>(node);
    }
    DeviceActivity& branch =
        made.activity(launch, 15, 25);  // beside the others, under the same stream number
    branch.graph = 4;
    const AttributedSteps result = made.attribute();
    const StepActivity& step = result.steps.at(0);
    CHECK(step.kernels == 4);
    CHECK(step.api_calls == 1);
    CHECK(step.busy == us(18 + 8));  // 12..20, 15..25 and 22..30 join
    CHECK(same(step.idle.gap, us(2 + 2)));
    CHECK(same(step.idle.launch, us(10 + 10)));
    CHECK(result.losses.none());
}

TEST_CASE("A graph that was traced as a whole counts as busy, not as a kernel") {
    HandMade made({0, 50});
    made.kernel(2, 10, 45).work = DeviceWork::graph;
    const StepActivity step = made.attribute().steps.at(0);
    CHECK(step.busy == us(35));
    CHECK(step.kernels == 0);
}

TEST_CASE("Copies and fills are busy time, and the bytes of copies are added up") {
    HandMade made({0, 50});
    DeviceActivity& copy = made.kernel(2, 10, 15);
    copy.work = DeviceWork::memcpy;
    copy.bytes = 4096;
    DeviceActivity& fill = made.kernel(12, 20, 25);
    fill.work = DeviceWork::memset;
    fill.bytes = 100;
    const StepActivity step = made.attribute().steps.at(0);
    CHECK(step.busy == us(10));
    CHECK(step.memcpy_bytes == 4096);
    CHECK(step.kernels == 0);
}

TEST_CASE("A driver call inside a runtime call counts as one call and one launch") {
    HandMade made({0, 50});
    made.kernel(2, 10, 15);
    ApiCall inner = made.records.calls.back();
    inner.driver = true;
    inner.time = {inner.time.start + us(0.5), inner.time.end - us(0.5)};
    made.records.calls.insert(made.records.calls.begin(),
                              inner);  // recorded first, because it ends first
    const StepActivity step = made.attribute().steps.at(0);
    CHECK(step.api_calls == 1);
    CHECK(same(step.idle.launch, us(4 + 35)));  // until the outer call has returned
}

TEST_CASE("An activity without timestamps is counted as a loss and as a kernel, not as time") {
    HandMade made({0, 50});
    made.kernel(2, 10, 15);
    made.kernel(20, 0, 0).time = {};
    const AttributedSteps result = made.attribute();
    CHECK(result.losses.zero_timestamps == 1);
    CHECK(result.steps[0].kernels == 2);
    CHECK(result.steps[0].busy == us(5));
    CHECK_FALSE(result.losses.none());
}

TEST_CASE("An activity without its call is a loss, and the external id still says whose it was") {
    HandMade made({0, 50, 100});
    made.activity(900, 60, 70);
    made.activity(901, 80, 85);
    made.records.links = {{900, 52}, {7, 3}};  // 50 is the base: step 2; an id below it is not ours
    const AttributedSteps result = made.attribute({50});
    CHECK(result.losses.unmatched == 2);
    CHECK(result.steps[1].busy == us(10));
    CHECK(same(result.steps[1].idle.gap, us(10)));  // nothing is known of the launch
    CHECK(result.losses.link_disagreements == 0);
}

TEST_CASE(
    "Where call time and external id name different steps the call decides and it is recorded") {
    HandMade made({0, 50, 100});
    const std::uint32_t late = made.call(48, 53);
    made.activity(late, 55, 60);
    made.records.links = {{late, 2}};
    const AttributedSteps result = made.attribute();
    CHECK(result.losses.link_disagreements == 1);
    CHECK(result.steps[0].kernels == 1);
    CHECK(result.steps[1].kernels == 0);
}

TEST_CASE(
    "Overlap on one stream is a loss, on two streams it is not, and a clock tick is forgiven") {
    HandMade made({0, 100});
    made.kernel(1, 10, 20);
    made.kernel(4, 19.5, 30);   // begins half a microsecond early
    made.kernel(7, 15, 35, 8);  // another stream
    made.kernel(9, 29.95, 40);  // 50 ns: the clocks' grain
    CHECK(made.attribute().losses.overlapping == 1);
    HandMade across({0, 50, 100});  // from one step to the next
    across.kernel(1, 10, 60);
    across.kernel(51, 55, 70);
    CHECK(across.attribute().losses.overlapping == 1);
}

TEST_CASE("Dropped records are passed on") {
    HandMade made({0, 10});
    made.records.dropped = 12;
    CHECK(made.attribute().losses.dropped == 12);
}

TEST_CASE("What follows the last edge belongs to no step and is no loss") {
    HandMade made({0, 50});
    made.kernel(60, 65, 90);
    made.call(70, 95, true);
    const AttributedSteps result = made.attribute();
    REQUIRE(result.steps.size() == 1);
    CHECK(result.steps[0].busy == us(0));
    CHECK(same(result.steps[0].idle.launch, us(50)));
    CHECK(result.losses.none());
}

TEST_CASE("Without decode steps there is nothing to attribute, and nothing is lost") {
    HandMade none({});
    none.kernel(1, 2, 3);
    CHECK(none.attribute().steps.empty());
    HandMade start_only({0});
    start_only.kernel(1, 2, 3);
    CHECK(start_only.attribute().steps.empty());
    CHECK(start_only.attribute().losses.none());
}

TEST_CASE("CUPTI's own overhead is that within the host's step") {
    HandMade made({0, 50, 100});
    made.records.overheads = {{made.origin + us(40), made.origin + us(55)},
                              {made.origin + us(45), made.origin + us(52)}};
    const AttributedSteps result = made.attribute();
    CHECK(result.steps[0].overhead == us(10));
    CHECK(result.steps[1].overhead == us(5));
}

TEST_CASE("Spans add up, busy is at most span, and busy and idle make up span") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const SimulatedGenerate run(seed, 12, 30);
        const AttributedSteps result =
            attribute_activity(run.records, run.edges, {run.external_base});
        REQUIRE(result.steps.size() == 12);
        CHECK(result.losses.none());
        Milliseconds spans{};
        for (const StepActivity& step : result.steps) {
            spans += step.span;
            CHECK(step.busy <= step.span);
            CHECK((step.busy + total_idle(step)).count() ==
                  Approx(step.span.count()).epsilon(1e-12));
            CHECK(step.kernels == 30);
            CHECK(step.api_calls == 32);
            CHECK(step.synchronizations == 1);
            CHECK(step.memcpy_bytes == 8);
        }
        const Nanoseconds last = std::max(run.edges.back(), run.device_end());
        CHECK(spans <= Milliseconds(last - run.edges.front()));
    }
}

TEST_CASE("The order of the records, and how an activity is cut, do not change the result") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimulatedGenerate run(seed, 6, 20);
        const AttributedSteps expected =
            attribute_activity(run.records, run.edges, {run.external_base});
        std::mt19937_64 engine(seed);
        std::shuffle(run.records.device.begin(), run.records.device.end(), engine);
        std::shuffle(run.records.calls.begin(), run.records.calls.end(), engine);
        std::shuffle(run.records.links.begin(), run.records.links.end(), engine);
        check_same(attribute_activity(run.records, run.edges, {run.external_base}), expected);

        ActivityRecords cut = run.records;
        for (DeviceActivity& activity : cut.device) {
            DeviceActivity rest = activity;
            rest.work = DeviceWork::graph;  // counts as time only
            rest.time.start = activity.time.end = activity.time.start + activity.time.length() / 2;
            run.records.device.push_back(rest);
        }
        cut.device.insert(cut.device.end(),
                          run.records.device.end() - static_cast<std::ptrdiff_t>(cut.device.size()),
                          run.records.device.end());
        check_same(attribute_activity(cut, run.edges, {run.external_base}), expected);
    }
}

TEST_CASE(
    "Taken in buffers as they come, with old steps forgotten, the result is that of all at once") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const SimulatedGenerate run(seed, 40, 10);
        const AttributedSteps expected =
            attribute_activity(run.records, run.edges, {run.external_base});
        StepAttribution attribution({run.external_base, 4});
        std::size_t links = 0;
        std::size_t device = 0;
        std::size_t edges = 0;
        for (std::size_t calls = 0; calls < run.records.calls.size(); ++calls) {
            const ApiCall& call = run.records.calls[calls];
            while (edges < run.edges.size() && run.edges[edges] <= call.time.start) ++edges;
            attribution.know_edges(std::span(run.edges).first(edges));
            attribution.add(call);
            for (; links < calls; ++links) attribution.add(run.records.links[links]);
            // Activities come a few calls before or after their call, in turn.
            const std::size_t shift = seed % 2 == 0 ? 5 : 0;
            for (; device + 10 < calls + 2 * shift && device < run.records.device.size(); ++device)
                attribution.add(run.records.device[device]);
            if (calls % 7 == 0) attribution.settle();
        }
        attribution.know_edges(run.edges);
        for (; links < run.records.links.size(); ++links) attribution.add(run.records.links[links]);
        for (; device < run.records.device.size(); ++device)
            attribution.add(run.records.device[device]);
        const AttributedSteps result = attribution.finish();
        check_same(result, expected);
        CHECK(result.losses.none());
    }
}

TEST_CASE("What comes for a step that has been summed up is a loss") {
    HandMade made({0, 10, 20, 30, 40});
    for (int step = 0; step < 4; ++step) made.kernel(10 * step + 1, 10 * step + 4, 10 * step + 8);
    StepAttribution attribution({0, 1});
    attribution.know_edges(made.edges);
    for (const ApiCall& call : made.records.calls) attribution.add(call);
    for (std::size_t i = 1; i < 4; ++i) attribution.add(made.records.device[i]);
    attribution.settle();
    attribution.add(made.records.device[0]);
    const AttributedSteps result = attribution.finish();
    CHECK(result.losses.unmatched == 1);
    CHECK(result.steps.at(0).busy == us(0));
    CHECK(result.steps.at(3).busy == us(4));
}

TEST_CASE("A million records are attributed within two seconds") {
    const SimulatedGenerate run(1, 64, 5200);
    const std::size_t count =
        run.records.device.size() + run.records.calls.size() + run.records.links.size();
    REQUIRE(count > 1'000'000);
    const auto begin = std::chrono::steady_clock::now();
    const AttributedSteps result = attribute_activity(run.records, run.edges, {run.external_base});
    const auto taken = std::chrono::steady_clock::now() - begin;
    CHECK(result.steps.size() == 64);
    CHECK(taken < std::chrono::seconds(2));
}
